"""What staff see of this terminal, behind a PIN: how it is, what waits and why, and what they can do. Speaks HTTP."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from kiosk import arrival, condition, control, export, pin
from kiosk.choices import SCREENS, STAFF
from kiosk.door import IDLE_S, Door, View
from kiosk.outbox import NotHeld
from kiosk.pairing import Pairing
from kiosk.screens import is_from_here
from kiosk.speech import Speech
from kiosk.sticks import Stick
from kiosk.terminal import Terminal, TerminalRefused
from sync import wire
from sync.i18n import NAMES, SOURCE, direction
from sync.i18n import mark as _

COOKIE = "smilepost-staff"
EXPORTS = "export"
"""The folder in the data folder with what is to be carried to head office."""
DOOR_S = 60
"""How long the door is shown to nobody."""
SECTIONS = ("test", "language", "stick")
_DONE = {
    "send": _("It tries to send now. Look again in a moment."),
    "retry": _("They are in the queue again. Look again in a moment."),
    "export": _("Everything unsent is in the file named below."),
    "stick": _("Everything unsent is on the stick. It may be pulled out now."),
    "refused": _("No such file could be written: there is no room for it, or this terminal is not enrolled yet."),
    "unknown": _("This is no file that was saved from a tablet."),
    "held": _("The disk does not take that now. Nothing is lost; try again later."),
}


def routes(terminal: Terminal, find: Callable[[], list[Stick]]) -> Blueprint:
    """`/staff`: as long as there is no PIN it says how to set one, and nothing else. `find` finds what an export can be
    carried on."""
    staff = Blueprint("staff", __name__, url_prefix="/staff")
    desk = Pairing(terminal)
    door = Door(lambda typed: pin.fits(typed, known()))

    def known() -> str | None:
        return terminal.standings.staff_pin or pin.kept(terminal.settings.data)

    def speech() -> Speech:
        return Speech(_language(terminal))

    def shown(name: str, after_s: int, then: str, code: int = 200, **context: Any) -> Response:
        say = speech()
        spoken = {"say": say, "_": say._, "ngettext": say.ngettext, "lang": say.lang, "dir": direction(say.lang)}
        context |= {**spoken, "section": name}
        return _page(render_template(f"kiosk/staff_{name}.html", **context), after_s, then, code)

    @staff.before_request
    def guard() -> Response | None:
        if request.method == "POST" and not is_from_here():
            abort(403)
        # There is nothing to see of a new one, and nothing to lose; and whoever paired it is told so.
        if request.path == arrival.PLACE and (desk.is_new or (request.method == "GET" and desk.has_news)):
            return None
        if known() is None:
            return shown("unset", DOOR_S, "/", 403, is_new=desk.is_new)
        if request.endpoint in ("staff.look", "staff.press") or door.view(request.cookies.get(COOKIE)).is_open:
            return None
        return redirect("/staff", 303)

    @staff.get("")
    def look() -> Response:
        view = door.view(request.cookies.get(COOKIE))
        if not view.is_open:
            return shown("door", *_after(view), view=view, said=_said(view, speech()))
        return shown("overview", IDLE_S, "/", done=_DONE.get(request.args.get("done", "")), **_seen(terminal, speech()))

    @staff.get(f"/<any({', '.join(SECTIONS)}):name>")
    def section(name: str) -> Response:
        done = _DONE.get(request.args.get("done", ""))
        return shown(name, IDLE_S, "/", done=done, **_of_section(name, terminal, speech(), find))

    @staff.post("/door")
    def press() -> Response:
        answer = redirect("/staff", 303)
        token = door.press(request.cookies.get(COOKIE), request.form.get("key", ""))
        answer.set_cookie(COOKIE, token, path="/staff", httponly=True, samesite="Strict", secure=request.is_secure)
        return answer

    @staff.post("/<any(send, retry):what>")
    def act(what: str) -> Response:
        return redirect(f"/staff?done={_done(terminal, what)}", 303)

    @staff.post("/export")
    def carry() -> Response:
        stick = next((stick for stick in find() if str(stick.path) == request.form.get("stick")), None)
        if request.form.get("stick") and stick is None:  # pulled out meanwhile
            return redirect("/staff/stick", 303)
        return redirect(f"/staff/stick?done={_carried(terminal, stick)}", 303)

    @staff.post("/test")
    def test() -> Response:
        if request.form.get("action") == "end":
            terminal.standings.choices.end_test()
            return redirect("/staff/test", 303)
        terminal.standings.choices.test()
        desk.put_off()
        return redirect("/", 303)

    @staff.post("/language")
    def speak() -> Response:
        return redirect(f"/staff/language{'' if _speak(terminal) else '?done=held'}", 303)

    @staff.post("/leave")
    def leave() -> Response:
        terminal.standings.choices.end_test()
        door.leave(request.cookies.get(COOKIE))
        answer = redirect("/", 303)
        answer.delete_cookie(COOKIE, path="/staff", httponly=True, samesite="Strict")
        return answer

    arrival.routes(staff, terminal, desk, speech)
    return staff


def _language(terminal: Terminal) -> str:
    """The one that staff chose, else the place's, else what the browser asks for."""
    chosen = terminal.standings.choices.language(STAFF)
    here = terminal.standings.told(None)
    place = here.languages[0].split("-")[0] if here and terminal.standings.is_enrolled else ""
    wanted = request.accept_languages.best_match(NAMES) or SOURCE
    return next(lang for lang in (chosen, place, wanted) if lang in NAMES)


def _done(terminal: Terminal, what: str) -> str:
    """Do it; what to say of it."""
    try:
        if what == "retry":
            terminal.outbox.try_again()
    except NotHeld:
        return "held"
    if terminal.sender:
        terminal.sender.hurry()
    return what


def _carried(terminal: Terminal, stick: Stick | None) -> str:
    """Write everything unsent onto the stick, or into the data folder; what to say of it."""
    try:
        if stick is None:
            export.carry(terminal.settings.data / EXPORTS, terminal.clock.wall_ms(), terminal.export())
            return "export"
        export.write(stick.path / export.name(terminal.clock.wall_ms()), terminal.export())
    except NotHeld:
        return "held"
    except (TerminalRefused, export.ExportRefused):
        return "refused"
    return "stick"


def _speak(terminal: Terminal) -> bool:
    """Whether the language that was chosen, if it is one, could be written down."""
    of, lang = request.form.get("of", ""), request.form.get("lang", "")
    allowed = {STAFF: tuple(NAMES), SCREENS: ("", *_spoken(terminal))}.get(of, ())
    try:
        if lang in allowed:
            terminal.standings.choices.speak(of, lang)
    except NotHeld:
        return False
    return True


def _spoken(terminal: Terminal) -> tuple[str, ...]:
    """What the first screen speaks, as head office says."""
    here = terminal.standings.told(None)
    return here.languages if here else ()


def _page(html: str, after_s: int, then: str, status: int = 200) -> Response:
    """A page that goes on by itself, script or not: nobody leaves it open on the customers' glass."""
    return Response(html, status, mimetype="text/html", headers={"Refresh": f"{after_s}; url={then}"})


def _said(view: View, say: Speech) -> str:
    """What the door says."""
    wrong = say._("That is not the PIN.") if view.was_wrong else ""
    if view.wait_s:
        return f"{wrong} {say._('The next try counts in {n} s.').format(n=view.wait_s)}".strip()
    return wrong or say._("The PIN, please")


def _after(view: View) -> tuple[int, str]:
    """Where the door's page goes by itself, and when: it lets a try pass as soon as it counts, and nobody stays."""
    return (view.wait_s, "/staff") if view.wait_s else (DOOR_S, "/")


def _seen(terminal: Terminal, say: Speech) -> dict[str, Any]:
    """How it is, subject by subject."""
    now = datetime.now().astimezone()
    status = {"running": True, **control.about(terminal.settings), **terminal.health()}
    place = condition.standing(status, say, f"“{say._('Pairing')}”")
    return {
        "now": now,
        "status": status,
        "waits": [*condition.waiting(status, now, say), *condition.held(status, now, say)],
        "parked": condition.parked(status, say),
        "office": [place, *condition.office(status, now, say)],
        "disk": condition.disk(status, say),
        "clock": condition.synced(status, say),
        "streams": _streams(terminal),
    }


def _of_section(name: str, terminal: Terminal, say: Speech, find: Callable[[], list[Stick]]) -> dict[str, Any]:
    choices = terminal.standings.choices
    if name == "test":
        until = datetime.fromtimestamp(time.time() + choices.test_ms / 1000).astimezone()
        return {"until": until if choices.test_ms else None}
    if name == "language":
        spoken = {code: NAMES.get(code, code) for code in _spoken(terminal)}
        return {"names": NAMES, "spoken": spoken, "chosen": choices.language(SCREENS)}
    folder = terminal.settings.data / EXPORTS
    told = {"sticks": find(), "exports": [path.name for path in export.carried(folder)], "folder": folder}
    if terminal.settings.public_url:
        from kiosk import taking  # a terminal in a shop has no tablets

        told |= {"takes": True, "said": taking.told(say)}
    return told


def _streams(terminal: Terminal) -> dict[str, wire.StreamCounts]:
    """Nothing of them while the disk cannot be read: this page is most wanted then."""
    try:
        return terminal.outbox.counts()
    except NotHeld:
        return {}
