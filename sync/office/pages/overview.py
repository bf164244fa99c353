"""Every place beside the others, over HTTP."""

from flask import Blueprint, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.intake import crew_sums
from sync.office import choices, crew_together, delivery, overview, places
from sync.office.forms import Wrong
from sync.office.wanted import Wanted

routes = Blueprint("overview", __name__)
_PAGE = "office/overview.html"


@routes.get("/")
@access.may("see", place="place")
def front() -> Response:
    try:
        wanted = Wanted.read(request.args, "/", _place())
    except Wrong as problem:
        return _overview(_PAGE, Wanted(place=_place()), problem.fields)
    if "" in request.args.values():  # a form names also what was left open
        return redirect(wanted.address(), code=303)
    return _overview(_PAGE, wanted)


@routes.get("/now")
@access.may("see", place="place")
def front_now() -> Response:
    """The overview's figures for a page that is open; 204 while it shows the newest."""
    try:
        return unchanged() or _overview("office/_overview.html", Wanted.read(request.args, "/", _place()))
    except Wrong:
        return Response(status=204)


def asked_page() -> int:
    return request.args.get("page", 1, type=int)


def unchanged() -> Response | None:
    """What a page that is open hears while it shows the newest."""
    here = centre()
    with here.db.reading() as tx:
        newest = delivery.version(tx, here.now_ms())
    return Response(status=204) if request.args.get("version") == newest else None


def _place() -> int | None:
    return request.args.get("place", type=int)


def _overview(template: str, wanted: Wanted, problems: dict[str, str] | None = None) -> Response:
    here, user = centre(), access.viewer()
    now_ms = here.now_ms()
    with here.db.reading() as tx:
        chain = places.resolved(tx, {wanted.place}) if wanted.place is not None else {}
    top = chain[wanted.place] if wanted.place is not None else None
    overview.prepare(here.db, user, now_ms, top=top, question=wanted.filters.question)
    crew_sums.release(here.db, now_ms)
    with here.db.reading() as tx:
        view = overview.overview(tx, user, now_ms, top=top, wanted=wanted)
        crews = crew_together.together(tx, (user.rights.reach(top.path),) if top else user.rights.roots(), now_ms)
        offered = choices.choices(tx, user.rights.roots(), narrow=view.singles) if template == _PAGE else None
    page = render_template(
        template,
        view=view,
        now_ms=now_ms,
        crews=crews,
        choices=offered,
        above=[each for each in chain.values() if each != top and user.rights.may("see", each.path)],
        problems=problems or {},
    )
    return make_response(page, 400 if problems else 200)
