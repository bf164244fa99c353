"""Why a figure changed, over HTTP."""

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import overview, reading
from sync.office import why as record
from sync.office.filters import Filters
from sync.office.forms import Wrong
from sync.office.pages.location import find
from sync.office.pages.overview import asked_page
from sync.office.places import Location
from sync.office.wanted import Wanted

routes = Blueprint("why", __name__)


@routes.get("/why")
@access.may("see")
def everywhere() -> Response:
    return _why(None)


@routes.get("/locations/<place:number>/why")
@access.may("see")
def at_place(number: int) -> Response:
    here, user = centre(), access.viewer()
    with here.db.reading() as tx:
        at = find(tx, user, number)
    return _why(at)


def _why(at: Location | None) -> Response:
    here, user = centre(), access.viewer()
    filters, problems = _filters()
    path = f"/locations/{at.id}/why" if at else "/why"
    paths = (user.rights.reach(at.path),) if at else user.rights.roots()
    now_ms = here.now_ms()
    overview.prepare(here.db, user, now_ms, top=at, question=filters.question)
    with here.db.reading() as tx:
        view = overview.overview(tx, user, now_ms, top=at, wanted=Wanted(filters.only_shown(), path=path))
        told = record.why(tx, view, paths, view.wanted.filters, now_ms, asked_page())
        is_read = at is not None and told.arrived is not None and bool(told.arrived.items)
        is_news = is_read and at is not None and not reading.is_noted(tx, user.id, at.id, now_ms)
    if at is not None and is_news:
        with here.db.writing() as tx:
            reading.note_once(tx, access.actor(), at, now_ms)
    page = render_template(
        "office/why.html",
        at=at,
        view=view,
        why=told,
        path=path,
        filters=view.wanted.filters,
        narrowed=not filters.narrowed.is_wide,
        problems=problems,
        now_ms=now_ms,
    )
    return make_response(page, 400 if problems else 200)


def _filters() -> tuple[Filters, dict[str, str]]:
    """What the address asks for; `day` is short for a period of one day."""
    args = dict(request.args)
    if day := args.pop("day", ""):
        args |= {"from": day, "to": day}
    try:
        return Filters.read(args), {}
    except Wrong as problem:
        return Filters(), problem.fields
