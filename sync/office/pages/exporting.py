"""Tables to take away, over HTTP: answers, comments, and the counts of days."""

from flask import Blueprint, make_response, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.intake import sums
from sync.office import audit, exporting, local_time, places
from sync.office.answer_rows import Part
from sync.office.audit import Subject
from sync.office.filters import Filters
from sync.office.forms import Wrong
from sync.office.pages.sending import sheet
from sync.office.people import User
from sync.office.places import Location
from sync.office.rights import EVERYWHERE, Permission

routes = Blueprint("exporting", __name__)


@routes.get("/export")
@access.may("see", place="place")
def shown() -> Response:
    """What there is to take away, for which days and which place."""
    here, user = centre(), access.viewer()
    filters, problems = _filters()
    with here.db.reading() as tx:
        top, _paths = _where(tx, user, "see")
    page = render_template(
        "office/export.html",
        top=top, filters=filters, problems=problems, columns=exporting,
        may=user.rights.may("responses", top.path) if top else user.rights.may_somewhere("responses"),
    )  # fmt: skip
    return make_response(page, 400 if problems else 200)


@routes.get("/export/days.csv")
@access.may("see", place="place")
def days() -> Response:
    """For those who may see single answers by touchpoint and language, with what is flagged; for others what everybody
    may see."""
    here, user = centre(), access.viewer()
    now_ms = here.now_ms()
    filters, _ = _filters()
    sums.fold(here.db, now_ms)
    with here.db.reading() as tx:
        top, paths = _where(tx, user, "see")
    first, last = _days(filters, top, now_ms)
    name = _name("days", top, first, last)
    if user.rights.sees_singles(paths):
        return sheet(name, exporting.DAYS, exporting.days(here.db, paths, first, last))
    return sheet(name, exporting.SHOWN_DAYS, exporting.shown_days(here.db, paths, first, last))


@routes.get("/export/responses.csv")
@access.may("responses", place="place")
def responses() -> Response:
    name, part = _part(worded=False)
    return sheet(name, exporting.RESPONSES, exporting.responses(centre().db, part, centre().now_ms()))


@routes.get("/export/comments.csv")
@access.may("responses", place="place")
def comments() -> Response:
    name, part = _part(worded=True)
    return sheet(name, exporting.COMMENTS, exporting.comments(centre().db, part, centre().now_ms()))


def _part(*, worded: bool) -> tuple[str, Part]:
    """What is taken away stands in the log: who, of which place, of which days."""
    here, user = centre(), access.viewer()
    now_ms = here.now_ms()
    filters, _ = _filters()
    with here.db.reading() as tx:
        top, paths = _where(tx, user, "responses")
    first, last = _days(filters, top, now_ms)
    kind = "comments" if worded else "responses"
    subject = Subject("place", str(top.id), top.name, top.path) if top else Subject("places", "", "", _shared(paths))
    after = {
        "file": kind,
        "first_day": local_time.date_of(first).isoformat(),
        "last_day": local_time.date_of(last).isoformat(),
    }
    with here.db.writing() as tx:
        audit.note(tx, access.actor(), "answers exported", subject, now_ms, after=after)
    part = Part(paths, first, last, worded=worded)
    return _name(kind, top, first, last), part


def _shared(paths: tuple[str, ...]) -> str:
    return paths[0] if len(paths) == 1 else EVERYWHERE


def _filters() -> tuple[Filters, dict[str, str]]:
    try:
        return Filters.read({name: value for name, value in request.args.items() if value}), {}
    except Wrong as problem:
        return Filters(), problem.fields


def _where(tx: Connection, user: User, permission: Permission) -> tuple[Location | None, tuple[str, ...]]:
    number = request.args.get("place", type=int)
    if number is None:
        return None, user.rights.roots(permission)
    top = places.resolved(tx, {number})[number]
    return top, (user.rights.reach(top.path, permission),)


def _days(filters: Filters, top: Location | None, now_ms: int) -> tuple[int, int]:
    # A day more than there is in any zone, so that nobody's today is left out.
    today = local_time.day_of(now_ms, top.zone) if top else local_time.day_of(now_ms, places.DEFAULT_ZONE) + 1
    return filters.days(today)


def _name(kind: str, top: Location | None, first: int, last: int) -> str:
    """ "responses-place-12-2026-10-27-2026-11-23": letters that every disk takes."""
    place = f"-place-{top.id}" if top else ""
    return f"{kind}{place}-{local_time.date_of(first).isoformat()}-{local_time.date_of(last).isoformat()}"
