"""Screens over HTTP: where each stood from when to when, and moving, renaming, retiring it."""

from flask import Blueprint, abort, make_response, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import edits, forms, listing, pairing, places, placing
from sync.office.pairing import Spot
from sync.office.places import Location
from sync.office.tongue import _

routes = Blueprint("screens", __name__)


@routes.get("/screens/<screen:screen>")
@access.may("see")
def show(screen: str) -> Response:
    return _page(screen)


@routes.post("/screens/<screen:screen>")
@access.may("devices")
def rename(screen: str) -> Response:
    here = centre()
    try:
        with here.db.writing() as tx:
            at = _spot(tx, screen)
            placing.rename(tx, access.actor(), at, _version(), request.form.get("name", ""), here.now_ms())
    except forms.Wrong as wrong:
        return _page(screen, problems=wrong.fields, status=400)
    except edits.Changed:
        return _page(screen, changed=True, status=409)
    return redirect(f"/screens/{screen}", code=303)


@routes.get("/screens/<screen:screen>/move")
@access.may("devices", to="place")
def choose_where(screen: str) -> Response:
    """The touchpoints of where it stands, or of another place (`to`); or the places there are (`elsewhere`)."""
    return _choices(screen)


@routes.post("/screens/<screen:screen>/move")
@access.may("devices", to="place", touchpoint="touchpoint")
def move(screen: str) -> Response:
    here, given = centre(), request.form
    try:
        forms.refuse({"touchpoint": None if given.get("touchpoint") else _("Choose a touchpoint.")})
        with here.db.writing() as tx:
            at = _spot(tx, screen)
            touchpoint = int(given["touchpoint"])
            placing.move(tx, access.actor(), at, _version(), touchpoint, given.get("at", ""), here.now_ms())
    except forms.Wrong as wrong:
        return _choices(screen, problems=wrong.fields, status=400)
    except edits.Changed:
        return _choices(screen, changed=True, status=409)
    return redirect(f"/screens/{screen}", code=303)


@routes.get("/screens/<screen:screen>/retire")
@access.may("devices")
def ask_to_retire(screen: str) -> Response:
    return _page(screen, "office/screen_retire.html")


@routes.post("/screens/<screen:screen>/retire")
@access.may("devices")
def retire(screen: str) -> Response:
    here = centre()
    try:
        with here.db.writing() as tx:
            placing.retire(tx, access.actor(), _spot(tx, screen), _version(), here.now_ms())
    except edits.Changed:
        return _page(screen, "office/screen_retire.html", changed=True, status=409)
    return redirect(f"/screens/{screen}", code=303)


def _version() -> int:
    """Of the screen, as the form's reader saw it; one that no screen has where it isn't told."""
    return request.form.get("version", -1, type=int)


def _spot(tx: Connection, screen: str) -> Spot:
    return pairing.spot(tx, screen) or abort(404)


def _page(
    screen: str,
    template: str = "office/screen.html",
    *,
    problems: dict[str, str] | None = None,
    changed: bool = False,
    status: int = 200,
) -> Response:
    here, rights = centre(), access.viewer().rights
    with here.db.reading() as tx:
        at = _spot(tx, screen)
        past = placing.history(tx, [screen], rights.roots())
    may = rights.may("devices", at.place.path) if at.place else rights.may_somewhere("devices")
    drawn = {"at": at, "past": past, "may": may, "problems": problems or {}, "changed": changed}
    page = render_template(template, **drawn, given=request.form, now_ms=here.now_ms())
    return make_response(page, status)


def _choices(
    screen: str, *, problems: dict[str, str] | None = None, changed: bool = False, status: int = 200
) -> Response:
    here, now_ms = centre(), centre().now_ms()
    search, number = listing.sought(request.args.get("search")), request.args.get("page", 1, type=int)
    with here.db.reading() as tx:
        at = _spot(tx, screen)
        to = _chosen(tx, at)
        there = pairing.points(tx, to, now_ms) if to else []
        page = None if to else pairing.choices(tx, access.viewer().rights.roots("devices"), search, number)
    drawn = {"at": at, "to": to, "points": there, "page": page, "problems": problems or {}, "changed": changed}
    now = placing.now_there(at.place.zone, now_ms) if at.place else ""
    html = render_template("office/screen_move.html", **drawn, given=request.form, now=now, now_ms=now_ms)
    return make_response(html, status)


def _chosen(tx: Connection, at: Spot) -> Location | None:
    """The place whose touchpoints are offered: the one that was chosen, or where it stands; None where places are."""
    number = request.values.get("to", type=int)
    if number is not None:
        return places.resolved(tx, {number})[number]
    return None if "elsewhere" in request.args else at.place
