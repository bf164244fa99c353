"""A terminal as the gateway of many screens: tablets and telephones behind https, each paired by its own code and bound
to its screen by a cookie. Speaks HTTP.

Only a browser that holds a screen's key gets its pages; one that held it before may still deliver what it kept."""

import logging
from collections.abc import Callable
from threading import BoundedSemaphore, Lock
from time import monotonic
from urllib.parse import urlsplit

from flask import Blueprint, Flask, abort, jsonify, redirect, render_template, request
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from kiosk import installed, own, pairing, screens, sealed
from kiosk.carried import Receive
from kiosk.config import is_this_machine
from kiosk.door import Tries
from kiosk.late import Delivery
from kiosk.outbox import NotHeld
from kiosk.own_links import HOURS, Links
from kiosk.screen_keys import ScreenKeys
from kiosk.screens import SCREEN_HEADER, is_from_here
from kiosk.speech import Speech
from kiosk.terminal import Terminal, TerminalRefused
from kiosk.visits import Visits
from sync.i18n import NAMES, SOURCE, direction, forms
from sync.i18n import mark as _

log = logging.getLogger(__name__)

COOKIE = "smilepost-screen"
"""SCREEN.KEY"""
LASTS_S = 400 * 86_400
"""As long as browsers keep a cookie; each load of a page renews it."""
MOST_ADDRESSES = 1_000
"""Of which it is remembered how often somebody there tried a wrong code."""
MOST_ASKING = 2
"""Who may wait for head office at once, half a minute at worst: the other threads are for the tablets' answers."""
BUSY = _("Another screen is being paired just now; try again in a moment.")
_OPEN = ("static", "service_worker", "joined", "beside", "layout")
"""What any browser may have: it says nothing of anybody."""
_OF_THIS_MACHINE = ("healthz", "control")
_OF_PROXIES = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")


def open_to_screens(app: Flask, terminal: Terminal) -> Receive:
    """Make a terminal's application that of a gateway: `/pair` beside its screens, and nothing of them to anybody
    else. Returns what takes what a tablet kept."""
    keys, desk = ScreenKeys(terminal.outbox.disk), _Desk(terminal)
    safe = sealed.safe(terminal.settings.data, terminal.outbox.disk)
    app.jinja_env.globals.update(seal=safe.public if safe else "", sealing=True, papers=installed.paper())
    opened = safe.opened if safe else bytes
    app.register_blueprint(screens.routes(terminal, opened))
    links = Links(terminal.outbox.disk)
    app.jinja_env.globals["own_hours"] = HOURS
    app.register_blueprint(own.offering(terminal, links))
    app.register_blueprint(own.routes(terminal, links))
    hops = terminal.settings.trusted_proxies
    if not hops and (terminal.settings.public_url or "").startswith("https:"):
        log.warning("trusted_proxies in [kiosk] is 0: whoever guesses codes at /pair keeps everybody waiting")
    if hops:
        app.wsgi_app = ProxyFix(app.wsgi_app, hops, hops, hops, 0, 0)  # type: ignore[method-assign]

    def is_here() -> bool:
        return _is_here(terminal.settings.host)

    @app.before_request
    def guard() -> Response | None:
        endpoint = request.endpoint or ""
        if endpoint in _OPEN or endpoint.startswith(("gateway.", "own.")):
            return None
        if endpoint.partition(".")[0] in _OF_THIS_MACHINE:
            return None if is_here() else abort(404)
        screen, key = _held()
        if endpoint.startswith("staff."):
            return None if is_here() or keys.is_current(screen, key) else redirect("/pair", 303)
        wanted = (request.view_args or {}).get("screen")
        if wanted is None:  # a gateway has no screen of its own
            return redirect(f"/s/{screen}/" if screen and keys.is_current(screen, key) else "/pair", 303)
        if wanted == screen and keys.is_current(screen, key):
            return None
        if endpoint == "screens.deliver" and wanted == screen and keys.was(screen, key):
            return None
        return desk.stranger(screen if keys.is_current(screen, key) else "")

    @app.after_request
    def renew(response: Response) -> Response:
        if request.endpoint == "screens.question" and response.status_code == 200:
            _bind(response, request.cookies.get(COOKIE, ""), terminal)
        return response

    routes = Blueprint("gateway", __name__)

    @routes.get("/pair")
    def pair() -> Response:
        return desk.page()

    @routes.post("/pair")
    def try_code() -> Response:
        if not is_from_here():
            abort(403)
        code, action = pairing.clean(request.form.get("code", "")), request.form.get("action", "")
        if action == "delete":
            return desk.page(code[:-1])
        if action != "pair" or len(code) < pairing.LENGTH:
            return desk.page(pairing.clean(code + request.form.get("key", "")))
        try:
            screen = desk.ask(code)
            bound = keys.bind(screen)
        except (TerminalRefused, NotHeld) as refusal:
            return desk.page(code, refusal)
        answer = redirect(f"/s/{screen}/", 303)
        _bind(answer, f"{screen}.{bound}", terminal)
        return answer

    @routes.get("/app.webmanifest")
    def unpaired() -> Response:
        """Of a browser that is no screen yet: an iPad's app has cookies of its own, so it is installed, then paired."""
        return _manifest("Smilepost", "/", SOURCE)

    @app.get("/s/<screen>/app.webmanifest")
    def manifest(screen: str) -> Response:
        standing = terminal.standings.of(screen) or abort(404)
        return _manifest(standing.place or "Smilepost", f"/s/{screen}/", standing.languages[0].split("-")[0])

    app.register_blueprint(routes)
    return receiving(terminal, opened)


def receiving(terminal: Terminal, opened: Callable[[bytes], bytes]) -> Receive:
    """What takes what a tablet kept, of whichever screen. `opened`: kiosk.sealed.Safe.opened."""
    known = Visits(terminal, opened)

    def receive(delivery: Delivery) -> tuple[list[tuple[str, int]], list[int]]:
        standing = terminal.standings.of(None)
        if standing is None:
            return [], list(range(len(delivery.responses)))
        return known.receive(standing, delivery)

    return receive


def _manifest(name: str, start: str, lang: str) -> Response:
    answer = jsonify(installed.manifest(name, start, lang, direction(lang)))
    answer.mimetype = installed.KIND
    return answer


def _bind(response: Response, value: str, terminal: Terminal) -> None:
    secure = urlsplit(terminal.settings.public_url or "").scheme == "https"
    response.set_cookie(COOKIE, value, max_age=LASTS_S, httponly=True, secure=secure, samesite="Strict", path="/")


def _held() -> tuple[str, str]:
    """Which screen a browser says that it is, and the key that proves it."""
    screen, _, key = request.cookies.get(COOKIE, "").partition(".")
    return screen, key


def _is_here(own: str) -> bool:
    """Whether somebody at this very machine (its address is `own`) asks, and no proxy for somebody else: whoever is
    outside can name any host, but not keep the proxy from saying that it is there."""
    by_proxy = any(request.headers.get(name) for name in _OF_PROXIES)
    return not by_proxy and all(name == own or is_this_machine(name) for name in (request.remote_addr or "", _host()))


def _host() -> str:
    """Under which name we were asked."""
    return request.host.rpartition(":")[0].strip("[]") if ":" in request.host else request.host


class _Desk:
    """Where browsers are paired. Whoever tries wrong codes waits longer and longer; nobody else does."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._tries: dict[str, Tries] = {}
        self._guard, self._asking, self._room = Lock(), Lock(), BoundedSemaphore(MOST_ASKING)

    def ask(self, code: str) -> str:
        """Trade a code for a screen. Raises TerminalRefused with a sentence."""
        if not self._room.acquire(blocking=False):
            raise TerminalRefused(BUSY)
        try:
            with self._asking:  # of two at once the later one waits: head office is asked about one at a time
                return self._ask(code, self._of(request.remote_addr or ""))
        finally:
            self._room.release()

    def _ask(self, code: str, tries: Tries) -> str:
        if tries.wait_s(monotonic()):
            raise TerminalRefused("")
        try:
            screen = self._terminal.gain(code)
        except TerminalRefused as refusal:
            if str(refusal) in pairing.REFUSED:  # a line that is down says nothing about the code
                tries.note(False, monotonic())
            raise
        tries.note(True, monotonic())
        return screen

    def _of(self, address: str) -> Tries:
        with self._guard:
            if address not in self._tries and len(self._tries) >= MOST_ADDRESSES:
                self._tries.pop(next(iter(self._tries)))
            return self._tries.setdefault(address, Tries())

    def page(self, code: str = "", refusal: Exception | None = None, status: int = 200) -> Response:
        """The form with what was typed so far."""
        wait_s = self._of(request.remote_addr or "").wait_s(monotonic())
        say = Speech(request.accept_languages.best_match(NAMES) or SOURCE)
        said = {"_": say._, "ngettext": say.ngettext, "forms": forms(say.lang)}
        html = render_template(
            "kiosk/gateway_pairing.html", code=pairing.dashed(code), refusal=self._said(refusal, say), wait_s=wait_s,
            keys=pairing.ALPHABET, lang=say.lang, dir=direction(say.lang), **said,
        )  # fmt: skip
        answer = Response(html, status, mimetype="text/html")
        answer.headers[SCREEN_HEADER] = "pairing"
        return answer

    def _said(self, refusal: Exception | None, say: Speech) -> str:
        if isinstance(refusal, NotHeld):
            return say._(pairing.FAILED)
        if str(refusal) == BUSY:
            return say._(BUSY)
        return pairing.said(str(refusal), self._terminal.settings.centre or "", say) if refusal else ""

    def stranger(self, own: str) -> Response:
        """To a browser that is not the screen that it asks for, but `own`, if any. Its page keeps what it holds; its
        worker forgets the question that it kept (a 404 with our header says that the screen is gone)."""
        if request.endpoint == "screens.question":
            answer = self.page(status=404)
            if own:  # an app that was installed as another screen opens as the one that it is now
                answer.headers["Refresh"] = f"0; url=/s/{own}/"
            return answer
        if request.method == "GET" and "text/html" in request.headers.get("Accept", ""):
            return redirect("/pair", 303)
        answer = jsonify(smilepost=1, clock=None, shows="")
        answer.status_code = 401
        return answer
