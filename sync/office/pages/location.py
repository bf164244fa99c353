"""A place or a group: its scores, what was said there, and how complete that is, over HTTP."""

from flask import Blueprint, abort, make_response, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import comments, contacts, location, overview, reading
from sync.office.comments import Comments, Cursor
from sync.office.pages.overview import asked_page, unchanged
from sync.office.people import User
from sync.office.places import Location

routes = Blueprint("location", __name__)


@routes.get("/locations/<place:number>")
@access.may("see")
def place(number: int) -> Response:
    return _location("office/location.html", number, is_opened=True)


@routes.get("/locations/<place:number>/now")
@access.may("see")
def place_now(number: int) -> Response:
    """A location's figures and newest comments for a page that is open; 204 while it shows the newest."""
    return unchanged() or _location("office/_location_now.html", number, Cursor.parse(request.args.get("newest")))


def _location(template: str, number: int, newest: Cursor | None = None, *, is_opened: bool = False) -> Response:
    here, user = centre(), access.viewer()
    now_ms = here.now_ms()
    with here.db.reading() as tx:
        at = find(tx, user, number)
    overview.prepare(here.db, user, now_ms, top=at, question=request.args.get("question"))
    with here.db.reading() as tx:
        page = location.page(tx, user, at, now_ms, question=request.args.get("question"), number=asked_page())
        said = _comments(tx, user, at, newest)
        called = contacts.newest(tx, at.path) if user.rights.may("responses", at.path) else ()
        is_read = is_opened and bool(called or (said and said.shown))
        is_news = is_read and not reading.is_noted(tx, user.id, at.id, now_ms)
    if is_news:
        note_read(at)
    return make_response(
        render_template(
            template,
            page=page,
            view=page.overview,
            comments=said,
            contacts=called,
            newest=newest,
            now_ms=now_ms,
        )
    )


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
        return comments.after(tx, at.path, newest)
    return comments.before(tx, at.path, None)


def find(tx: Connection, user: User, number: int) -> Location:
    """404 alike for a location that isn't there and one that isn't theirs."""
    return location.find(tx, user, number) or abort(404)
