"""Terminals over HTTP: the list of them, and each one's own page."""

from flask import Blueprint, abort, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from sync import access
from sync.centre import centre
from sync.office import delivery, devices, edits, fleet, listing, placing, service, subjects, watch

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


@routes.get("/devices/<device:device>/retire")
@access.may("devices")
def ask_to_retire(device: str) -> Response:
    return _grave("office/device_retire.html", device)


@routes.post("/devices/<device:device>/retire")
@access.may("devices")
def retire(device: str) -> Response:
    here = centre()
    try:
        with here.db.writing() as tx:
            service.retire(tx, access.actor(), device, request.form.get("seen", ""), here.now_ms())
    except edits.Changed:
        return _grave("office/device_retire.html", device, 409)
    return redirect(f"/devices/{device}", code=303)


@routes.get("/devices/<device:device>/revoke")
@access.may("devices")
def ask_to_revoke(device: str) -> Response:
    return _grave("office/device_revoke.html", device)


@routes.post("/devices/<device:device>/revoke")
@access.may("devices")
def revoke(device: str) -> Response:
    here = centre()
    service.revoke(here.db, here.settings.erasures_file, access.actor(), device, here.now_ms())
    return redirect(f"/devices/{device}", code=303)


@routes.post("/devices/<device:device>/settle")
@access.may("devices")
def settle(device: str) -> Response:
    """Somebody looked: it is one box."""
    here = centre()
    with here.db.writing() as tx:
        service.settle(tx, access.actor(), device, here.now_ms())
    return redirect(f"/devices/{device}", code=303)


def _grave(template: str, device: str, status: int = 200) -> Response:
    """What somebody reads before they do it."""
    here, user = centre(), access.viewer()
    now_ms = here.now_ms()
    with here.db.reading() as tx:
        found = devices.find(tx, user, device, now_ms) or abort(404)
        spots = service.driven_by(tx, device)
    drawn = {"terminal": found, "spots": spots, "seen": service.seen(spots), "changed": status == 409}
    return make_response(render_template(template, **drawn), status)


def _unchanged() -> Response | None:
    here = centre()
    with here.db.reading() as tx:
        newest = delivery.version(tx, here.now_ms())
    return Response(status=204) if request.args.get("version") == newest else None


def _ledger(template: str) -> Response:
    here, user, asked = centre(), access.viewer(), request.args
    now_ms = here.now_ms()
    watch.look(here.db, now_ms)
    search, state = listing.sought(asked.get("search")), fleet.a_state(asked.get("state"))
    with here.db.reading() as tx:
        view = fleet.fleet(tx, user, now_ms, search, state, asked.get("page", 1, type=int))
    return make_response(render_template(template, view=view))


def _terminal(template: str, device: str) -> Response:
    """404 alike for a terminal that isn't there and one that isn't theirs."""
    here, user = centre(), access.viewer()
    now_ms = here.now_ms()
    with here.db.reading() as tx:
        found = devices.find(tx, user, device, now_ms) or abort(404)
        details, version = devices.details(tx, found.id), delivery.version(tx, now_ms)
        past = placing.history(tx, devices.screens_of(tx, found.id), user.rights.roots())
        may = subjects.KINDS["device"](tx, found.id)
    drawn = {"terminal": found, "details": details, "version": version, "past": past}
    may_act = may is not None and may.is_theirs(user.rights, "devices")
    return make_response(render_template(template, **drawn, may=may_act))
