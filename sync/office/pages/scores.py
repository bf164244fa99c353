"""Scores, comments, and how complete they are, over HTTP."""

from flask import Blueprint, abort, make_response, render_template, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import comments, contacts, delivery, location, overview, reading
from sync.office.comments import Comments, Cursor
from sync.office.people import User
from sync.office.places import Location

routes = Blueprint("scores", __name__)


@routes.get("/")
@access.may("see")
def front() -> Response:
    return _overview("office/overview.html")


@routes.get("/now")
@access.may("see")
def front_now() -> Response:
    """The overview's figures for a page that is open; 204 while it shows the newest."""
    return _unchanged() or _overview("office/_overview.html")


@routes.get("/locations/<place:number>")
@access.may("see")
def place(number: int) -> Response:
    return _location("office/location.html", number, is_opened=True)


@routes.get("/locations/<place:number>/now")
@access.may("see")
def place_now(number: int) -> Response:
    """A location's figures and newest comments for a page that is open; 204 while it shows the newest."""
    return _unchanged() or _location("office/_location_now.html", number, Cursor.parse(request.args.get("newest")))


@routes.get("/locations/<place:number>/comments")
@access.may("responses")
def place_comments(number: int) -> Response:
    """Older comments: as a piece of the page that asks for them, or as a page."""
    here, user = centre(), access.viewer()
    with here.db.reading() as tx:
        at = _find(tx, user, number)
        page = comments.before(tx, at.path, Cursor.parse(request.args.get("before")))
        is_news = bool(page.shown) and not reading.is_noted(tx, user.id, at.id, here.now_ms())
    if is_news:
        _note_read(at)
    if access.is_fragment():  # the link that asked for it had the focus and is gone: the first of these takes it
        return make_response(
            render_template("office/_comments.html", place=at, comments=page, now_ms=here.now_ms(), goes_on=True)
        )
    return make_response(render_template("office/comments.html", place=at, comments=page, now_ms=here.now_ms()))


def _asked_page() -> int:
    return request.args.get("page", 1, type=int)


def _unchanged() -> Response | None:
    here = centre()
    with here.db.reading() as tx:
        newest = delivery.version(tx, here.now_ms())
    return Response(status=204) if request.args.get("version") == newest else None


def _overview(template: str) -> Response:
    here, user = centre(), access.viewer()
    now_ms = here.now_ms()
    overview.prepare(here.db, user, now_ms, question=request.args.get("question"))
    with here.db.reading() as tx:
        view = overview.overview(tx, user, now_ms, question=request.args.get("question"), page=_asked_page())
    return make_response(render_template(template, view=view, now_ms=now_ms))


def _location(template: str, number: int, newest: Cursor | None = None, *, is_opened: bool = False) -> Response:
    here, user = centre(), access.viewer()
    now_ms = here.now_ms()
    with here.db.reading() as tx:
        at = _find(tx, user, number)
    overview.prepare(here.db, user, now_ms, top=at, question=request.args.get("question"))
    with here.db.reading() as tx:
        page = location.page(tx, user, at, now_ms, question=request.args.get("question"), number=_asked_page())
        said = _comments(tx, user, at, newest)
        called = contacts.newest(tx, at.path) if user.rights.may("responses", at.path) else ()
        is_read = is_opened and bool(called or (said and said.shown))
        is_news = is_read and not reading.is_noted(tx, user.id, at.id, now_ms)
    if is_news:
        _note_read(at)
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


def _note_read(at: Location) -> None:
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


def _find(tx: Connection, user: User, number: int) -> Location:
    """404 alike for a location that isn't there and one that isn't theirs."""
    return location.find(tx, user, number) or abort(404)
