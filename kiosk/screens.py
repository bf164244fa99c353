"""What the customer touches. Speaks HTTP and nothing else.

A plain form is answered with a redirect to the next screen, and the page's script, which has all screens, with what is
held. Either way the answer comes after the disk has the touch, so a screen that says thank you tells the truth."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, abort, current_app, jsonify, redirect, request
from msgspec import to_builtins
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from kiosk import around, faces, frames, handover, late, look, modes, packing, touches, views, visits
from kiosk.outbox import NotHeld
from kiosk.standing import Standing
from kiosk.terminal import Terminal
from kiosk.visits import BREAK_MS, Turn, Visits
from sync import wire
from sync.assets import pack
from sync.i18n import NAMES, direction, forms, plural, words

FRESH_SECONDS = 60
"""How often the question is fetched anew while nobody is there: it may have changed, or the terminal be gone."""
LANGUAGE_SECONDS = 30
"""How long the question stays in a language that somebody chose; reading it takes a while."""
SCREEN_HEADER = "Smilepost-Screen"
"""On every screen of ours, by which the worker knows a page that is worth keeping; no proxy's page has it."""
FRAMES_HEADER = "Smilepost-Frames"
"""On a question: the address of the other screens of its visit, without which the page is not worth keeping."""
LOOK_HEADER = "Smilepost-Look"
"""On a question: the addresses of what it has of its store's own, for the worker to keep as well."""


def routes(terminal: Terminal, opened: Callable[[bytes], bytes] = bytes) -> Blueprint:
    """`opened`: see Visits. `/` is the box's only or first screen, `/s/<screen>/` another one."""
    screens = Blueprint("screens", __name__)
    known = Visits(terminal, opened)

    def here(screen: str | None) -> Standing:
        return terminal.standing(screen) or abort(404)

    def show(turn: Turn, screen: str | None) -> Response:
        return _show(turn, here(screen), _base(screen), terminal.clock.boottime_ms())

    def question(screen: str | None = None) -> Response:
        # The worker's own copy of the page is nobody's arrival.
        arrives = "copy" not in request.args
        turn = known.fresh(here(screen), request.args.get("lang", ""), request.args.get("asked", ""), arrives)
        return show(turn, screen)

    def drawn(screen: str | None = None) -> Response:
        """The other screens of a visit: once for a browser, until they would be others. Never for another question."""
        drawn = _frames(here(screen), _base(screen))
        if request.args.get("v") != drawn.stamp:
            return Response(status=404)
        return packing.kept(drawn.packed, drawn.stamp, "text/javascript", for_ever=True)

    def visit(name: str, step: str, screen: str | None = None) -> Response:
        turn = known.open(here(screen), name, step)
        return show(turn, screen) if turn else redirect(f"{_base(screen)}/", 303)

    def idle(name: str, screen: str | None = None) -> Response:
        known.idle(here(screen), name)
        return redirect(f"{_base(screen)}/", 303)

    def touch(screen: str | None = None) -> Response:
        standing, base = here(screen), _base(screen)
        touched = touches.read(dict(request.form.lists()), standing.survey, visits.languages(standing))
        try:
            turn = known.take(standing, touched)
        except NotHeld:
            return redirect(_carried(f"{base}/visit/{known.keep(standing, touched)}/moment"), 303)
        return _go(turn, base)

    def moment(name: str, screen: str | None = None) -> Response:
        turn = known.again(here(screen), name)
        if isinstance(turn, int):
            return rest("moment" if turn < BREAK_MS else "break", after=1 if turn < BREAK_MS else 3)
        return _go(turn, _base(screen))

    def dressed(name: str, screen: str | None = None) -> Response:
        file = next((file for file in look.of(here(screen).settings).files() if file.name == name), None) or abort(404)
        return Response(file.content, mimetype=file.kind, headers={"Cache-Control": packing.FOR_EVER})

    def clock(screen: str | None = None) -> Response:
        standing = terminal.standing(screen)
        named = standing.screen if standing else screen
        terminal.hear(named, request.args.get("persisted") == "1", request.args.get("unsent", 0, int))
        if standing is None:  # its page loads itself anew, and finds a break
            return _tell(terminal, 404, shows="")
        return _tell(terminal, shows=frames.shows(standing))

    def deliver(screen: str | None = None) -> Response:
        # Also from the page of a screen that this box drove until a moment ago: each response says where it was given.
        standing = terminal.standing(screen) or terminal.standing() or abort(404)
        try:
            held, refused = known.receive(standing, late.read(request.get_data()))
        except late.Unfit:
            return _tell(terminal, 400)
        except NotHeld:
            return _tell(terminal, 503)
        return _tell(terminal, held=held, refused=refused)

    def everywhere(path: str, view: Callable[..., Response], method: str = "GET") -> None:
        for before in ("", "/s/<screen>"):
            screens.add_url_rule(before + path, view_func=view, methods=[method])

    everywhere("/", question)
    everywhere("/frames.js", drawn)
    everywhere("/visit", touch, "POST")
    everywhere("/visit/<name>/idle", idle)
    everywhere("/visit/<name>/moment", moment)
    everywhere("/visit/<name>/<step>", visit)
    everywhere("/look/<name>", dressed)
    everywhere("/clock", clock)
    everywhere("/late", deliver, "POST")
    _guard(screens)
    return screens


def _guard(screens: Blueprint) -> None:
    """Nothing is written for another site's page, and nobody sees an error."""

    @screens.before_request
    def from_here_alone() -> None:
        if request.method == "POST" and not is_from_here():
            abort(403)

    @screens.errorhandler(NotHeld)
    def unheld(_problem: NotHeld) -> Response:
        return rest()

    @screens.errorhandler(404)
    def unknown(_problem: HTTPException) -> Response:
        return rest(status=404)

    @screens.errorhandler(413)
    def too_large(_problem: HTTPException) -> Response:
        if request.path.endswith("/late"):
            return Response(status=413)
        return redirect(request.path.removesuffix("visit"), 303)


def is_from_here() -> bool:
    """Whether a write comes from a page of this terminal. Browsers say so in Origin, on plain forms too; one that
    says nothing at all can only be believed when it sends what a plain form sends."""
    origin = request.headers.get("Origin")
    if origin is not None:
        return origin in (f"http://{request.host}", f"https://{request.host}")
    site = request.headers.get("Sec-Fetch-Site")
    return site == "same-origin" if site else request.mimetype == "application/x-www-form-urlencoded"


def _tell(terminal: Terminal, status: int = 200, **told: Any) -> Response:
    """To the page's script: our own words, and what our clock says."""
    said = jsonify(smilepost=1, clock=to_builtins(terminal.clock.stamp()), **told)
    said.status_code = status
    return said


def _base(screen: str | None) -> str:
    return f"/s/{screen}" if screen else ""


def _go(turn: Turn | None, base: str) -> Response:
    """To the next screen, or to the question."""
    if turn is None:
        return redirect(f"{base}/", 303)
    return redirect(_carried(f"{base}/visit/{turn.visit}/{turn.screen}"), 303)


def _carried(place: str) -> str:
    """`place` with what the customer asked of the screen: a page without script has nowhere else to keep it."""
    chosen = modes.write(_chosen())
    return f"{place}{'&' if '?' in place else '?'}{urlencode({'modes': chosen})}" if chosen else place


def _chosen() -> frozenset[str]:
    return modes.read(request.values.get("modes", ""))


def _show(turn: Turn, standing: Standing, base: str, now_ms: int) -> Response:
    context = views.context(turn, standing) | around.context(standing, turn.lang, _chosen(), now_ms)
    if turn.screen == "ask" and turn.draft is None:
        address = f"{base}/frames.js?v={_frames(standing, base).stamp}"
        context |= {"frames": address, "test_ms": standing.test_ms, "place": standing.place}
        context |= {"times": 1}  # nobody has begun who needs more
        if standing.team:
            context |= handover.first(standing, turn.lang)
    then = f"{base}/visit/{turn.draft.id}/idle" if turn.draft else f"{base}/"
    # A visit stays what it began as: its customer was told.
    context["test"] = turn.draft.test if turn.draft else standing.test
    worn = " ".join(f"{base}/look/{file.name}" for file in context["look"].files())
    shown = _page(turn.screen, turn.lang, base=base, after=_after(turn, standing), then=then, **context)
    shown.headers[LOOK_HEADER] = worn
    if context.get("handing"):
        shown.headers["Permissions-Policy"] = handover.ALLOWED
    if context["test"]:
        shown.headers[SCREEN_HEADER] = "test"
    return shown


def _after(turn: Turn, standing: Standing) -> int:
    """Seconds after which the screen goes on by itself."""
    if turn.screen == "ask" and turn.draft is None:
        return FRESH_SECONDS if turn.lang == standing.languages[0] else LANGUAGE_SECONDS
    seconds: int = getattr(standing.settings.seconds, turn.screen)
    return seconds


class Drawn(NamedTuple):
    """The walk and the empty screens of a question's page, as a script, packed. `stamp`: of what is in it; `shows`: of
    what it was drawn from."""

    shows: str
    stamp: str
    packed: bytes


_drawn: dict[str, Drawn] = {}


def _frames(standing: Standing, base: str) -> Drawn:
    """Drawn once for as long as they show the same."""
    shows = frames.shows(standing)
    if base not in _drawn or _drawn[base].shows != shows:
        drawn: dict[str, str] = {}
        for frame in frames.frames(standing):
            lang = frame.turn.lang
            drawn[lang] = drawn.get(lang) or _render("kiosk/_wait.html", {"lang": lang} | _said(lang))
            drawn[lang] += _frame(frame, standing, base)
        for lang in drawn if standing.team else ():
            drawn[lang] += handover.frames(standing, _rendered, lang)
        told = b'"use strict";\nconst WALK = %b;\nconst FRAMES = %b;\n'
        told %= (wire.encode(frames.walk(standing)), wire.encode(drawn))
        _drawn[base] = Drawn(shows, sha256(told).hexdigest()[:10], pack(told))
    return _drawn[base]


def _rendered(template: str, lang: str, context: dict[str, Any]) -> str:
    return _render(template, context | {"lang": lang} | _said(lang))


def _frame(frame: frames.Frame, standing: Standing, base: str) -> str:
    turn = frame.turn
    context = {"screen": turn.screen, "lang": turn.lang, "base": base, "frame": frame}
    context |= {"after": _after(turn, standing)} | _said(turn.lang) | views.context(turn, standing)
    context |= around.context(standing, turn.lang)
    return _render("kiosk/_frame.html", context)


def rest(screen: str = "break", after: int = BREAK_MS // 1000, status: int = 503) -> Response:
    """A screen that promises nothing and looks again by itself."""
    lang = request.accept_languages.best_match(NAMES) or "en"
    base = _base((request.view_args or {}).get("screen"))
    return _page(screen, lang, status, base=base, after=after, then=request.full_path, title="Smilepost")


def _page(screen: str, lang: str, status: int = 200, **context: Any) -> Response:
    """A screen with the page around it."""
    context |= {"screen": screen, "lang": lang} | _said(lang)
    response = Response(_render("kiosk/page.html", context), status, mimetype="text/html")
    response.headers[SCREEN_HEADER] = screen
    if context.get("frames"):
        response.headers[FRAMES_HEADER] = context["frames"]
    return response


def _said(lang: str) -> dict[str, Any]:
    """What every template of a screen may say, and how it stands."""
    said = {"_": words(lang), "ngettext": plural(lang), "forms": forms(lang)}
    return said | {"dir": direction(lang), "mark": faces.drawing("kiosk/mark.svg")}


def _render(template: str, context: dict[str, Any]) -> str:
    """As flask's render_template, without the session and the signals that no screen has a use for: this is most
    of what a touch costs."""
    return current_app.jinja_env.get_template(template).render(context)
