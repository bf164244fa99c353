"""The terminal's web application: who may call it, and what every answer says about itself."""

import ipaddress
import logging
import socket
from collections.abc import Callable
from traceback import extract_tb
from urllib.parse import urlsplit

from flask import Flask, abort, jsonify, redirect, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from kiosk import control, handover, keyboard, packing, screens, staff, sticks, worker
from kiosk.config import Settings
from kiosk.outbox import NotHeld
from kiosk.sticks import Stick
from kiosk.terminal import Terminal
from sync.assets import PACKED_KINDS, STATIC, TEMPLATES, stamp

log = logging.getLogger(__name__)

MAX_BODY = 64 * 1024
"""A comment of the longest kind, every character of it escaped, and the rest of its form."""
_ANY = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, not bound to
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: browsers then send `Origin: null` with a plain form, and our own could not be told from others'.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_OF_PAGES = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Of whatever runs: pages, and the worker."""
_OF_THE_REST = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=()",
}
"""Where nothing runs, nothing else could ask for anything."""


def create_app(terminal: Terminal, find: Callable[[], list[Stick]] = sticks.plugged_in) -> Flask:
    """The screens of `terminal`, its health, and the command line's way in. `find` finds what an export can be carried
    on."""
    app = Flask("kiosk", template_folder=str(TEMPLATES), static_folder=str(STATIC), static_url_path="/static")
    app.config.update(MAX_CONTENT_LENGTH=MAX_BODY, MAX_FORM_MEMORY_SIZE=MAX_BODY)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        file=worker.address, guard=terminal.settings.input_guard_ms, keyboard=terminal.settings.keyboard
    )
    if terminal.settings.public_url:
        from kiosk import gateway  # a terminal in a shop never pays for it

        receive = gateway.open_to_screens(app, terminal)
    else:
        receive = None
        app.register_blueprint(screens.routes(terminal))
    app.register_blueprint(handover.routes(terminal))
    by_command, by_staff = control.routes(terminal), staff.routes(terminal, find)
    if receive:
        from kiosk import taking

        taking.routes(by_staff, by_command, receive)
    app.register_blueprint(by_command)
    app.register_blueprint(by_staff)
    _answer_health(app, terminal)
    _serve_worker(app, of_gateway=bool(terminal.settings.public_url))
    _serve_joined(app)
    packing.serve_static(app)
    _serve_keyboard(app)
    _check_host(app, terminal.settings)
    _say_headers(app, is_gateway=bool(terminal.settings.public_url))
    packing.pack_pages(app)  # before those: Flask goes through them from the last to the first
    _hide_errors(app)
    return app


def _serve_worker(app: Flask, *, of_gateway: bool) -> None:
    @app.get("/sw.js")
    def service_worker() -> Response:
        """Asked for again each time: else a screen would run last year's code for ever."""
        return packing.kept(worker.script(of_gateway=of_gateway), worker.build(), "text/javascript")


def _serve_joined(app: Flask) -> None:
    @app.get("/screen.<kind>")
    def joined(kind: str) -> Response:
        """All styles or all scripts of a screen."""
        if f"screen.{kind}" not in worker.JOINED:
            abort(404)
        return _joined(f"screen.{kind}")

    @app.get(f"/<any({', '.join(worker.APART)}):name>")
    def beside(name: str) -> Response:
        """What only some pages have."""
        return _joined(name)


def _joined(name: str) -> Response:
    found = worker.joined(name)
    is_ours = request.args.get("v") == found.stamp
    return packing.kept(found.packed, found.stamp, PACKED_KINDS[name.rpartition(".")[2]], for_ever=is_ours)


def _serve_keyboard(app: Flask) -> None:
    @app.get("/keyboard/<lang>.json")
    def layout(lang: str) -> Response:
        """The keys of a language, for pages that bring a keyboard along; the worker keeps it as it keeps a screen."""
        answer = jsonify(keyboard.told(lang))
        answer.headers[screens.SCREEN_HEADER] = "keyboard"
        return answer


def _answer_health(app: Flask, terminal: Terminal) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        """200 while the process lives; what is wrong is in the body."""
        try:
            return jsonify(terminal.health())
        except (NotHeld, OSError) as problem:
            return jsonify(problem=type(problem).__name__)


def _check_host(app: Flask, settings: Settings) -> None:
    """Another site's name that was made to point here is not ours. On every interface, names of this machine and
    plain addresses are: a page can't be lured to an address that it wasn't loaded from."""
    host = settings.host
    names = {"localhost", "127.0.0.1", "::1", host.lower(), urlsplit(settings.public_url or "").hostname or host}
    if host in _ANY:
        names |= {socket.gethostname().lower(), f"{socket.gethostname().lower()}.local"}

    @app.before_request
    def is_ours() -> None:
        name = request.host.lower()
        name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
        if name not in names and not (host in _ANY and _is_address(name)):
            abort(Response("This is not a name of this terminal.\n", 421, mimetype="text/plain"))


def _is_address(name: str) -> bool:
    try:
        return bool(ipaddress.ip_address(name))
    except ValueError:
        return False


def _say_headers(app: Flask, *, is_gateway: bool) -> None:
    policy = _OF_PAGES["Content-Security-Policy"]
    of_pages = _OF_PAGES | ({"Content-Security-Policy": f"{policy}; manifest-src 'self'"} if is_gateway else {})

    @app.after_request
    def headers(response: Response) -> Response:
        if response.status_code != 304:  # what a browser has came with them
            runs = response.mimetype == "text/html" or request.endpoint == "service_worker"
            for name, value in (_HEADERS | (of_pages if runs else _OF_THE_REST)).items():
                response.headers.setdefault(name, value)  # a page of a crew allows itself its camera
        if request.endpoint == "static" and response.status_code in (200, 206, 304):
            response.headers["Cache-Control"] = _keeping(request.path.removeprefix("/static/"))
        else:
            response.headers.setdefault("Cache-Control", "no-store")
        return response


def _keeping(name: str) -> str:
    """For a year when the address says what is in the file, else asked for again each time."""
    ours = request.args.get("v") == stamp(name)
    return packing.FOR_EVER if ours else "no-cache"


def _hide_errors(app: Flask) -> None:
    """A browser that strayed finds its way back to the question. What goes wrong is logged without what was sent."""

    @app.errorhandler(HTTPException)
    def strayed(problem: HTTPException) -> Response:
        if problem.code in (404, 405) and "text/html" in request.headers.get("Accept", "") and request.path != "/":
            return redirect("/", 303)
        return Response(f"{problem.name}\n", problem.code, mimetype="text/plain")

    @app.errorhandler(Exception)
    def broken(problem: Exception) -> Response:
        where = extract_tb(problem.__traceback__)[-1]
        log.error("%s failed: %s at %s:%s", request.endpoint, type(problem).__name__, where.filename, where.lineno)
        return screens.rest()
