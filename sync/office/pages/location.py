"""A place or a group: its scores, what was said there, and how complete that is, over HTTP."""

from urllib.parse import urlencode

from flask import Blueprint, abort, make_response, redirect, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.intake import crew_sums
from sync.office import (
    agreements,
    asked,
    choices,
    comment_index,
    comment_search,
    comments,
    contacts,
    crew_together,
    location,
    overview,
    reading,
    theme_counts,
    themes,
)
from sync.office.comments import Comments, Cursor
from sync.office.forms import Wrong
from sync.office.local_time import date_of, day_of
from sync.office.pages.overview import unchanged
from sync.office.people import User
from sync.office.places import Location
from sync.office.theme_counts import Told
from sync.office.wanted import Wanted
from sync.office.windows import Window

routes = Blueprint("location", __name__)
PRAISED_FOR_MS, MOST_PRAISE = 28 * 86_400_000, 3
_PAGE = "office/location.html"


@routes.get("/locations/<place:number>")
@access.may("see")
def place(number: int) -> Response:
    here = f"/locations/{number}"
    try:
        wanted = Wanted.read(request.args, here)
    except Wrong as problem:
        return _location(_PAGE, number, Wanted(path=here), problems=problem.fields)
    if "" in request.args.values():  # a form names also what was left open
        return redirect(wanted.address(), code=303)
    return _location(_PAGE, number, wanted)


@routes.get("/locations/<place:number>/now")
@access.may("see")
def place_now(number: int) -> Response:
    """A location's figures and newest comments for a page that is open; 204 while it shows the newest."""
    try:
        wanted = Wanted.read(request.args, f"/locations/{number}")
    except Wrong:
        return Response(status=204)
    newest = Cursor.parse(request.args.get("newest"))
    return unchanged() or _location("office/_location_now.html", number, wanted, newest)


def _asks(tx: Connection, at: Location, now_ms: int) -> asked.Asked | None:
    """A crew's last four weeks of jobs, today included."""
    today = day_of(now_ms, at.zone)
    return asked.asked(tx, (at.path,), today - 27, today, {at.id: today}).get(at.id) if at.kind == "crew" else None


def _location(
    template: str,
    number: int,
    wanted: Wanted,
    newest: Cursor | None = None,
    *,
    problems: dict[str, str] | None = None,
) -> Response:
    here, user, is_opened = centre(), access.viewer(), template == _PAGE
    now_ms = here.now_ms()
    with here.db.reading() as tx:
        at = find(tx, user, number)
    overview.prepare(here.db, user, now_ms, top=at, question=wanted.filters.question)
    crew_sums.release(here.db, now_ms)
    if is_opened and user.rights.may("responses", at.path):
        comment_index.fold(here.db)
    with here.db.reading() as tx:
        page = location.page(tx, user, at, now_ms, wanted)
        crews = crew_together.together(tx, (user.rights.reach(at.path),), now_ms)
        asks = _asks(tx, at, now_ms)
        opened = agreements.at(tx, at.path, now_ms) if at.kind != "store" else []
        said = _comments(tx, user, at, newest)
        told = _themes(tx, user, at, wanted, page.overview.window) if is_opened and said else None
        kind = (
            comments.praised(tx, user.rights.reach(at.path), now_ms - PRAISED_FOR_MS, MOST_PRAISE) if is_opened else []
        )
        called = (
            contacts.newest(tx, user.rights.reach(at.path, "responses"))
            if user.rights.may("responses", at.path)
            else ()
        )
        offered = (
            choices.choices(tx, (user.rights.reach(at.path),), narrow=page.overview.singles) if is_opened else None
        )
        is_read = is_opened and bool(called or (said and said.shown))
        is_news = is_read and not reading.is_noted(tx, user.id, at.id, now_ms)
    if is_news:
        note_read(at)
    shown = render_template(
        template,
        page=page,
        view=page.overview,
        comments=said,
        told=told,
        kind=kind,
        contacts=called,
        newest=newest,
        now_ms=now_ms,
        crews=crews,
        asks=asks,
        opened=opened,
        choices=offered,
        problems=problems or {},
        by_volume=request.args.get("map") == "volume",
        compare_before=_compare_before(at, page.overview.window),
    )
    return make_response(shown, 400 if problems else 200)


def _themes(tx: Connection, user: User, at: Location, wanted: Wanted, window: Window) -> Told:
    """What was spoken of there in these days."""
    those = comment_search.Wanted((user.rights.reach(at.path, "responses"),), wanted.filters, window.first, window.last)
    return theme_counts.told(tx, those, themes.of(tx, [at.path]))


def _compare_before(at: Location, window: Window) -> str:
    """The address that holds these days against those before them."""
    days = ((window.since, window.last), (window.before, window.until))
    periods = [f"{date_of(first).isoformat()}..{date_of(last).isoformat()}" for first, last in days]
    return f"/compare?{urlencode({'place': at.id, 'period': periods}, doseq=True)}"


def note_read(at: Location) -> None:
    """Single answers were shown to somebody for the first time today."""
    here = centre()
    with here.db.writing() as tx:
        reading.note_once(tx, access.actor(), at, here.now_ms())


def _comments(tx: Connection, user: User, at: Location, newest: Cursor | None) -> Comments | None:
    """None for a viewer who may not read them."""
    if not user.rights.may("responses", at.path):
        return None
    if newest is not None:
        return comments.after(tx, user.rights.reach(at.path, "responses"), newest)
    return comments.before(tx, user.rights.reach(at.path, "responses"), None)


def find(tx: Connection, user: User, number: int) -> Location:
    """404 alike for a location that isn't there and one that isn't theirs."""
    return location.find(tx, user, number) or abort(404)
