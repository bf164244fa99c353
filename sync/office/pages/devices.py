"""Terminals over HTTP: the list of them, and each one's own page."""

from flask import Blueprint, abort, make_response, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import delivery, devices

routes = Blueprint("devices", __name__)


@routes.get("/devices")
@access.may("see")
def ledger() -> Response:
    return _ledger("office/devices.html")


@routes.get("/devices/now")
@access.may("see")
def ledger_now() -> Response:
    """The ledger for a page that is open; 204 while it shows the newest."""
    return _unchanged() or _ledger("office/_devices.html")


@routes.get("/devices/<device:device>")
@access.may("see")
def terminal(device: str) -> Response:
    return _terminal("office/device.html", device)


@routes.get("/devices/<device:device>/now")
@access.may("see")
def terminal_now(device: str) -> Response:
    """A terminal's own page while it is open; 204 while it shows the newest."""
    return _unchanged() or _terminal("office/_device.html", device)


def _unchanged() -> Response | None:
    here = centre()
    with here.db.reading() as tx:
        newest = delivery.version(tx, here.now_ms())
    return Response(status=204) if request.args.get("version") == newest else None


def _ledger(template: str) -> Response:
    here, user = centre(), access.viewer()
    with here.db.reading() as tx:
        view = devices.every(tx, user, here.now_ms(), request.args.get("page", 1, type=int))
    return make_response(render_template(template, view=view))


def _terminal(template: str, device: str) -> Response:
    """404 alike for a terminal that isn't there and one that isn't theirs."""
    here, user = centre(), access.viewer()
    now_ms = here.now_ms()
    with here.db.reading() as tx:
        found = devices.find(tx, user, device, now_ms) or abort(404)
        details, version = devices.details(tx, found.id), delivery.version(tx, now_ms)
    return make_response(render_template(template, terminal=found, details=details, version=version))
