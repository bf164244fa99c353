"""What customers wrote, over HTTP."""

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import comments, reading
from sync.office.comments import Cursor
from sync.office.pages.location import find, note_read

routes = Blueprint("comments", __name__)


@routes.get("/locations/<place:number>/comments")
@access.may("responses")
def place_comments(number: int) -> Response:
    """Older comments: as a piece of the page that asks for them, or as a page."""
    here, user = centre(), access.viewer()
    with here.db.reading() as tx:
        at = find(tx, user, number)
        page = comments.before(tx, at.path, Cursor.parse(request.args.get("before")))
        is_news = bool(page.shown) and not reading.is_noted(tx, user.id, at.id, here.now_ms())
    if is_news:
        note_read(at)
    if access.is_fragment():  # the link that asked for it had the focus and is gone: the first of these takes it
        return make_response(
            render_template("office/_comments.html", place=at, comments=page, now_ms=here.now_ms(), goes_on=True)
        )
    return make_response(render_template("office/comments.html", place=at, comments=page, now_ms=here.now_ms()))
