"""What staff see of this terminal, behind a PIN: what waits and why, and a way to try again. Speaks HTTP.

In English: the sentences are those of `smilepost kiosk status`."""

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request
from werkzeug.wrappers import Response

from kiosk import condition, control, export, pin
from kiosk.door import IDLE_S, Door, View
from kiosk.outbox import NotHeld
from kiosk.screens import is_from_here
from kiosk.terminal import Terminal, TerminalRefused
from sync import wire

COOKIE = "smilepost-staff"
EXPORTS = "export"
"""The folder in the data folder with what is to be carried to head office."""
_DONE = {
    "send": "It tries to send now. Look again in a moment.",
    "retry": "They are in the queue again. Look again in a moment.",
    "export": "Everything unsent is in the file named below.",
    "refused": "No such file could be written: there is no room for it, or this terminal is not enrolled yet.",
    "held": "The disk does not take that now. Nothing is lost; try again later.",
}


def routes(terminal: Terminal) -> Blueprint:
    """`/staff`: as long as there is no PIN it says how to set one, and nothing else."""
    staff = Blueprint("staff", __name__, url_prefix="/staff")

    def known() -> str | None:
        return terminal.standings.staff_pin or pin.kept(terminal.settings.data)

    door = Door(lambda typed: pin.fits(typed, known()))

    @staff.before_request
    def from_here_alone() -> Response | None:
        if request.method == "POST" and not is_from_here():
            abort(403)
        return None if known() else _unset()

    @staff.get("")
    def look() -> Response:
        view = door.view(request.cookies.get(COOKIE))
        if not view.is_open:
            return _page(render_template("kiosk/staff_door.html", view=view, said=_said(view)), *_after(view))
        done = _DONE.get(request.args.get("done", ""))
        return _page(render_template("kiosk/staff.html", done=done, **_seen(terminal)), IDLE_S, "/")

    @staff.post("/door")
    def press() -> Response:
        answer = redirect("/staff", 303)
        token = door.press(request.cookies.get(COOKIE), request.form.get("key", ""))
        answer.set_cookie(COOKIE, token, path="/staff", httponly=True, samesite="Strict")
        return answer

    @staff.post("/<any(send, retry, export):what>")
    def act(what: str) -> Response:
        if not door.view(request.cookies.get(COOKIE)).is_open:
            return redirect("/staff", 303)
        return redirect(f"/staff?done={_done(terminal, what)}", 303)

    @staff.post("/leave")
    def leave() -> Response:
        door.leave(request.cookies.get(COOKIE))
        answer = redirect("/", 303)
        answer.delete_cookie(COOKIE, path="/staff", httponly=True, samesite="Strict")
        return answer

    return staff


def _done(terminal: Terminal, what: str) -> str:
    """Do it; what to say of it."""
    try:
        if what == "export":
            export.carry(terminal.settings.data / EXPORTS, terminal.clock.wall_ms(), terminal.export())
            return what
        if what == "retry":
            terminal.outbox.try_again()
    except NotHeld:
        what = "held"
    except (TerminalRefused, export.ExportRefused):
        return "refused"
    if terminal.sender:
        terminal.sender.hurry()
    return what


def _unset() -> Response:
    return Response(render_template("kiosk/staff_unset.html"), 403, mimetype="text/html")


def _page(html: str, after_s: int, then: str) -> Response:
    """A page that goes on by itself, script or not: nobody leaves it open on the customers' glass."""
    return Response(html, mimetype="text/html", headers={"Refresh": f"{after_s}; url={then}"})


def _said(view: View) -> str:
    """What the door says."""
    wrong = "That is not the PIN. " if view.was_wrong else ""
    if view.wait_s:
        return f"{wrong}The next try counts in {view.wait_s} s."
    return wrong or "The PIN, please"


def _after(view: View) -> tuple[int, str]:
    """Where the door's page goes by itself, and when: it lets a try pass as soon as it counts, and nobody stays."""
    return (view.wait_s, "/staff") if view.wait_s else (60, "/")


def _seen(terminal: Terminal) -> dict[str, Any]:
    now = datetime.now().astimezone()
    status = {"running": True, **control.about(terminal.settings), **terminal.health()}
    return {
        "now": f"{now:%H:%M:%S}",
        "status": status,
        "sentences": condition.sentences({**status, "parked_codes": {}}, now),  # the reasons have a list of their own
        "streams": _streams(terminal),
        "parked": [(condition.reason(code), n) for code, n in status["parked_codes"].items()],
        "exports": [path.name for path in export.carried(terminal.settings.data / EXPORTS)],
        "folder": terminal.settings.data / EXPORTS,
    }


def _streams(terminal: Terminal) -> dict[str, wire.StreamCounts]:
    """Nothing of them while the disk cannot be read: this page is most wanted then."""
    try:
        return terminal.outbox.counts()
    except NotHeld:
        return {}
