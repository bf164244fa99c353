"""When a survey is asked, over HTTP: planned from the survey's page, changed and taken back."""

from datetime import date
from typing import Any

from flask import Blueprint, abort, make_response, redirect, render_template, request
from sqlalchemy import Connection, select
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.models import locations, touchpoint_templates
from sync.office import drafts, listing, local_time, places, schedules, survey_list, survey_words, surveys, words
from sync.office.drafts import Draft
from sync.office.forms import Wrong
from sync.office.rights import EVERYWHERE
from sync.office.schedules import Schedule
from sync.office.tongue import _

routes = Blueprint("schedules", __name__)

MOST_OFFERED = 300
"""Places that the field offers while somebody types; any other can be typed."""
_EPOCH = date(1970, 1, 1).toordinal()


def shown(tx: Connection, draft: Draft) -> dict[str, Any]:
    """What the templates need to tell when a survey is asked, and to plan it."""
    user = access.viewer()
    planned = [each for each in schedules.of(tx, draft.id) if _sees(each)]
    over = schedules.beside(tx, planned)
    others = {other.survey for every in over.values() for other in every}
    return {
        "planned": planned,
        "chosen": survey_list.chosen(tx, user.rights, draft.id),
        "most_chosen": survey_list.MOST_CHOSEN,
        "overlaps": {number: [each for each in every if _sees(each)] for number, every in over.items()},
        "titles": {name: survey_words.title(each) for name, each in surveys.newest(tx, others).items()},
        "may_plan": user.rights.may_somewhere("surveys") and draft.published > 0,
        "may_change": lambda each: user.rights.may("surveys", each.path),
        "offered": _offered(tx, draft),
        "templates": _templates(tx),
        "iso": lambda day: "" if day is None else local_time.date_of(day).isoformat(),
        "today": local_time.day_of(centre().now_ms(), places.DEFAULT_ZONE),
        "given": {},
        "plan_problems": {},
        "words": words,
    }


def _sees(each: Schedule) -> bool:
    rights = access.viewer().rights
    return rights.may("see", each.path) or any(root.startswith(each.path) for root in rights.roots("see"))


def _offered(tx: Connection, draft: Draft) -> list[str]:
    """Names of places where it may be planned by this person, groups first."""
    roots = access.viewer().rights.roots("surveys")
    query = (
        select(locations.c.name)
        .where(places.below(roots), locations.c.path.startswith(draft.path))
        .order_by(locations.c.kind != "group", locations.c.name)
        .limit(MOST_OFFERED)
    )
    return list(dict.fromkeys(tx.execute(query).scalars()))


def _templates(tx: Connection) -> list[tuple[int, str]]:
    table = touchpoint_templates
    query = (
        select(table.c.id, table.c.name, locations.c.path)
        .outerjoin(locations, locations.c.id == table.c.location_id)
        .where(table.c.retired_ms.is_(None))
        .order_by(table.c.name)
    )
    rights = access.viewer().rights
    roots = rights.roots("surveys")
    return [
        (number, name)
        for number, name, path in tx.execute(query)
        if rights.may("surveys", path or EVERYWHERE) or any(root.startswith(path or EVERYWHERE) for root in roots)
    ]


@routes.post("/schedules")
@access.may("surveys", partly=True, survey="survey", template="template")
def plan() -> Response:
    """The place is looked at here: it is what has to be theirs, and the survey may be everybody's."""
    here, given = centre(), request.form.to_dict()
    name = given.get("survey", "")
    try:
        with here.db.writing() as tx:
            location = _place(tx, given)
            template = request.form.get("template", type=int)
            schedules.add(tx, access.actor(), name, location, template, _days(given), here.now_ms())
    except Wrong as wrong:
        return _again(name, given, wrong)
    return redirect(f"/surveys/{name}/schedules", 303)


@routes.get("/surveys/<survey:name>/schedules")
@access.may("see")
def when(name: str) -> Response:
    """When and where a survey is asked."""
    with centre().db.reading() as tx:
        draft = drafts.find(tx, name) or abort(404)
        context = shown(tx, draft)
    return make_response(
        render_template("office/survey_schedules.html", draft=draft, survey_words=survey_words, **context)
    )


@routes.post("/schedules/<schedule:number>")
@access.may("surveys")
def change(number: int) -> Response:
    here, given = centre(), request.form.to_dict()
    with here.db.reading() as tx:
        known = schedules.find(tx, number) or abort(404)
    version = request.form.get("version", -1, int)
    try:
        with here.db.writing() as tx:
            if given.get("do") == "remove":
                schedules.remove(tx, access.actor(), known, version, here.now_ms())
            else:
                schedules.change(tx, access.actor(), known, version, _days(given), here.now_ms())
    except Wrong as wrong:
        return _again(known.survey, {"schedule": str(number), **given}, wrong)
    return redirect(f"/surveys/{known.survey}/schedules", 303)


def _again(name: str, given: dict[str, str], wrong: Wrong) -> Response:
    with centre().db.reading() as tx:
        draft = drafts.find(tx, name) or abort(400)  # a form that names no survey is none of ours
        context = shown(tx, draft) | {"given": given, "plan_problems": wrong.fields}
    page = render_template("office/survey_schedules.html", draft=draft, survey_words=survey_words, **context)
    return make_response(page, 400)


def _place(tx: Connection, given: dict[str, str]) -> int | None:
    """The number of the place that was typed; None for everywhere. Raises Wrong."""
    rights, typed = access.viewer().rights, listing.sought(" ".join(given.get("place", "").split()))
    if not typed:
        if rights.may("surveys", EVERYWHERE):
            return None
        raise Wrong({"place": _("Name the place, or the group of places, that asks it.")})
    table = locations
    named = table.c.name.icontains(typed, autoescape=True) | (table.c.ref == typed)
    roots = rights.roots("surveys")
    found = tx.execute(select(table.c.id, table.c.name, table.c.ref).where(named, places.below(roots)).limit(500)).all()
    exact = [row for row in found if row.name.casefold() == typed.casefold() or row.ref == typed]
    if len(exact) == 1:
        return int(exact[0].id)
    if exact:
        raise Wrong({"place": _("{n} places have that name: give the reference of one of them.").format(n=len(exact))})
    raise Wrong({"place": _("There is no place of that name among those that you look after.")})


def _days(given: dict[str, str]) -> tuple[int, int | None]:
    """Raises Wrong."""
    first, last = _read_day(given.get("from", "")), _read_day(given.get("to", ""))
    problems = {}
    if first is None:
        problems["from"] = _("Give the first day, as 2026-10-12.")
    if last is None and given.get("to", "").strip():
        problems["to"] = _("Give the last day as 2026-12-31, or none.")
    if problems or first is None:
        raise Wrong(problems)
    return first, last


def _read_day(typed: str) -> int | None:
    try:
        return date.fromisoformat(typed.strip()).toordinal() - _EPOCH
    except ValueError:
        return None
