"""Every place beside the others, over HTTP."""

from flask import Blueprint, make_response, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import delivery, overview

routes = Blueprint("overview", __name__)


@routes.get("/")
@access.may("see")
def front() -> Response:
    return _overview("office/overview.html")


@routes.get("/now")
@access.may("see")
def front_now() -> Response:
    """The overview's figures for a page that is open; 204 while it shows the newest."""
    return unchanged() or _overview("office/_overview.html")


def asked_page() -> int:
    return request.args.get("page", 1, type=int)


def unchanged() -> Response | None:
    """What a page that is open hears while it shows the newest."""
    here = centre()
    with here.db.reading() as tx:
        newest = delivery.version(tx, here.now_ms())
    return Response(status=204) if request.args.get("version") == newest else None


def _overview(template: str) -> Response:
    here, user = centre(), access.viewer()
    now_ms = here.now_ms()
    overview.prepare(here.db, user, now_ms, question=request.args.get("question"))
    with here.db.reading() as tx:
        view = overview.overview(tx, user, now_ms, question=request.args.get("question"), page=asked_page())
    return make_response(render_template(template, view=view, now_ms=now_ms))
