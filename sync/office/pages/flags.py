"""What flags keep out of the score, over HTTP: what each rule caught, one answer, a person's word on it."""

from flask import Blueprint, abort, make_response, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.intake import flags as rules
from sync.office import answers, counts, deciding, flagged, local_time, moderating, places
from sync.office.comments import Cursor
from sync.office.filters import Filters
from sync.office.forms import Wrong
from sync.office.pages import noted
from sync.office.people import User
from sync.office.places import Location

routes = Blueprint("flags", __name__)


@routes.get("/flags")
@access.may("responses", place="place")
def every() -> Response:
    here, user = centre(), access.viewer()
    now_ms = here.now_ms()
    filters, problems = _filters()
    with here.db.reading() as tx:
        top, paths = _where(tx, user)
        last = local_time.day_of(now_ms, top.zone if top else places.DEFAULT_ZONE)
        first, end = filters.days(last)
        asked = counts.questions(tx, paths, first, end)
        question = next((each for each in asked if each.id == filters.question), asked[0])
        page = render_template(
            "office/flags.html",
            top=top,
            filters=filters,
            problems=problems,
            question=question,
            rules=flagged.caught(tx, paths, first, end),
            both=flagged.both(tx, paths, question, filters, last),
            days=(first, end),
        )
    return make_response(page, 400 if problems else 200)


@routes.get("/flags/caught")
@access.may("responses", place="place")
def caught() -> Response:
    """What one rule caught, answer by answer."""
    here, user, rule = centre(), access.viewer(), request.args.get("rule", "")
    now_ms = here.now_ms()
    if rule not in (*flagged.RULES, *flagged.NOTES):
        return redirect("/flags", code=303)
    filters, problems = _filters()
    lifted = request.args.get("lifted") == "yes"
    with here.db.reading() as tx:
        top, paths = _where(tx, user)
        first, end = filters.days(local_time.day_of(now_ms, top.zone if top else places.DEFAULT_ZONE))
        before = Cursor.parse(request.args.get("before"))
        page = flagged.sample(tx, paths, rule, first, end, before, lifted=lifted)
    noted.read(each.place for each in page.shown)
    return make_response(
        render_template(
            "office/flags_caught.html",
            top=top, filters=filters, problems=problems, rule=rule, lifted=lifted, page=page, now_ms=now_ms,
        ),
        400 if problems else 200,
    )  # fmt: skip


@routes.get("/answers/<answer:name>")
@access.may("responses")
def answer(name: str) -> Response:
    return _answer(name)


@routes.post("/answers/<answer:name>/flags")
@access.may("responses")
def decide(name: str) -> Response:
    """Lift a flag or set one, with a reason."""
    here, asked = centre(), request.form
    try:
        with here.db.writing() as tx:
            holds = asked.get("do") == "set"
            deciding.decide(
                tx, access.actor(), name, asked.get("flag", ""), holds, asked.get("reason", ""), here.now_ms()
            )
    except Wrong as problem:
        return _answer(name, problem.fields, 400)
    return redirect(f"/answers/{name}", code=303)


def _answer(name: str, problems: dict[str, str] | None = None, status: int = 200) -> Response:
    here = centre()
    with here.db.reading() as tx:
        found = answers.one(tx, name)
        told = moderating.of(tx, [name]).get(name)
    if found is None:
        abort(404)
    noted.read([found.place])
    page = render_template(
        "office/answer.html",
        answer=found, told=told, problems=problems or {}, given=request.form, now_ms=here.now_ms(),
        hand=rules.HAND, keeps_out=rules.ASIDE,
    )  # fmt: skip
    return make_response(page, status)


def _filters() -> tuple[Filters, dict[str, str]]:
    try:
        return Filters.read(request.args), {}
    except Wrong as problem:
        return Filters(), problem.fields


def _where(tx: Connection, user: User) -> tuple[Location | None, tuple[str, ...]]:
    """The place that was asked for, or everything where this person may see single answers."""
    number = request.args.get("place", type=int)
    if number is None:
        return None, user.rights.roots("responses")
    top = places.resolved(tx, {number})[number]
    return top, (user.rights.reach(top.path, "responses"),)
