"""Pairing over HTTP: a place, a screen there, a code, and the terminal that comes with it.

A code is nowhere in the database: the browser that asked for it keeps it in a cookie, for as long as it is worth
something, so that reloading the page shows it again and a form can lead on to it."""

from collections.abc import Sequence

from flask import Blueprint, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.intake import enrol
from sync.office import forms, listing, pairing, places
from sync.office.pairing import Invitation, Spot
from sync.office.places import Location

routes = Blueprint("pairing", __name__)

_COOKIE = "pairing"


@routes.get("/devices/pair")
@access.may("devices")
def choose_place() -> Response:
    return _choices("/devices/pair", access.viewer().rights.roots("devices"))


@routes.get("/devices/pair/<place:number>")
@access.may("devices")
def choose_screen(number: int) -> Response:
    """The screens of a place; of a group, the places in it."""
    with centre().db.reading() as tx:
        at = places.resolved(tx, {number})[number]
    return _choices(f"/devices/pair/{number}", (at.path,)) if at.kind == "group" else _screens(number)


@routes.post("/devices/pair/<place:number>")
@access.may("devices", touchpoint="touchpoint")
def add_screen(number: int) -> Response:
    """A new screen at a touchpoint of this place, and the code for it."""
    here, given = centre(), request.form
    try:
        with here.db.writing() as tx:
            at = _place(places.resolved(tx, {number}), number)
            by, now_ms = access.actor(), here.now_ms()
            screen = pairing.add_screen(tx, by, at, given.get("touchpoint", ""), given.get("name", ""), now_ms)
            code = pairing.invite(tx, by, screen, now_ms)
    except forms.Wrong as wrong:
        return _screens(number, wrong.fields, 400)
    return _to_code(screen, code)


@routes.get("/screens/<screen:screen>/pair")
@access.may("devices")
def code(screen: str) -> Response:
    return _shown(screen, "office/pair_code.html")


@routes.get("/screens/<screen:screen>/pair/now")
@access.may("devices")
def code_now(screen: str) -> Response:
    """What became of the code, for a page that is open; to the terminal's own page once it has come."""
    return _shown(screen, "office/_pair_code.html")


@routes.post("/screens/<screen:screen>/pair")
@access.may("devices")
def make_code(screen: str) -> Response:
    """A new code; the one before is worth nothing any more."""
    here = centre()
    try:
        with here.db.writing() as tx:
            made = pairing.invite(tx, access.actor(), screen, here.now_ms())
    except pairing.Unplaced:
        return redirect(f"/screens/{screen}/pair", code=303)
    return _to_code(screen, made)


@routes.post("/screens/<screen:screen>/pair/withdraw")
@access.may("devices")
def withdraw(screen: str) -> Response:
    here = centre()
    with here.db.writing() as tx:
        pairing.withdraw(tx, access.actor(), screen, here.now_ms())
    return redirect(f"/screens/{screen}/pair", code=303)


def _choices(address: str, roots: Sequence[str]) -> Response:
    search = listing.sought(request.args.get("search"))
    with centre().db.reading() as tx:
        page = pairing.choices(tx, roots, search, request.args.get("page", 1, type=int))
    return make_response(render_template("office/pair.html", page=page, address=address))


def _screens(number: int, problems: dict[str, str] | None = None, status: int = 200) -> Response:
    here = centre()
    with here.db.reading() as tx:
        at = _place(places.resolved(tx, {number}), number)
        there = pairing.points(tx, at, here.now_ms())
    page = render_template(
        "office/pair_place.html", place=at, points=there, problems=problems or {}, given=request.form
    )
    return make_response(page, status)


def _place(found: dict[int, Location], number: int) -> Location:
    """A group holds places, and no screens."""
    at = found[number]
    return abort(404) if at.kind == "group" else at


def _shown(screen: str, template: str) -> Response:
    here, now_ms = centre(), centre().now_ms()
    held = request.cookies.get(_COOKIE, "")
    with here.db.reading() as tx:
        at = pairing.spot(tx, screen) or abort(404)
        state = pairing.look(tx, at, held, now_ms)
    if state.device and access.is_fragment():
        return Response(headers={"HX-Redirect": f"/devices/{state.device}"})
    return make_response(render_template(template, **_about(at, state, held, now_ms)))


def _about(at: Spot, state: Invitation, held: str, now_ms: int) -> dict[str, object]:
    is_open = state.state == "open"
    return {
        "at": at,
        "state": state,
        "code": held if is_open else "",
        "picture": pairing.picture(held) if is_open else "",
        "minutes": -(-max(state.expires_ms - now_ms, 0) // 60_000),
        "now_ms": now_ms,
    }


def _to_code(screen: str, made: str) -> Response:
    """Shown by the page that follows, to this browser only."""
    answer = redirect(f"/screens/{screen}/pair", code=303)
    answer.set_cookie(
        _COOKIE,
        made,
        max_age=enrol.VALID_MS // 1000,
        path=f"/screens/{screen}/pair",
        httponly=True,
        samesite="Strict",
        secure=request.is_secure or (centre().settings.public_url or "").startswith("https://"),
    )
    return answer
