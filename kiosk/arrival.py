"""The page on which a terminal is paired: the first thing that a new one shows, later behind the PIN. Speaks HTTP.

What was typed travels with the form, so that nobody else's browser ever sees it."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from kiosk import condition, control, pairing
from kiosk.pairing import Pairing
from kiosk.screens import SCREEN_HEADER
from kiosk.speech import Speech
from kiosk.terminal import Terminal
from sync.i18n import NAMES, direction

LOOK_S, SHOWN_S = 1, 6
"""Until the page looks for an answer, leaves a success, and empties a form that nobody touches."""
PLACE = "/staff/pairing"


def routes(staff: Blueprint, terminal: Terminal, desk: Pairing, speech: Callable[[], Speech]) -> None:
    """`/staff/pairing`, and `/` as long as the terminal is new."""

    def page(code: str = "", tells: bool = True) -> Response:
        """The form with what was typed so far; where it `tells`, what came of the last try."""
        say = speech()
        outcome = desk.outcome(say) if tells else pairing.Outcome(False, "")
        if outcome.is_paired:
            status = {**control.about(terminal.settings), "enrolled": True}
            return _shown("paired", SHOWN_S, "/", say, place=condition.standing(status, say, ""))
        after = LOOK_S if desk.is_asking else desk.wait_s or pairing.ALONE_S
        context = {"code": pairing.dashed(code), "refusal": outcome.refusal, "wait_s": desk.wait_s}
        context |= {"is_asking": desk.is_asking, "is_new": desk.is_new, "keys": pairing.ALPHABET}
        then = "/" if desk.is_new and after == pairing.ALONE_S else PLACE
        return _shown("pairing", after, then, say, **context)

    @staff.get("/pairing")
    def pair() -> Response:
        return page()

    @staff.post("/pairing")
    def type_or_ask() -> Response:
        desk.touch()
        code, action = pairing.clean(request.form.get("code", "")), request.form.get("action", "")
        if action == "later":
            desk.put_off()
            return redirect("/", 303)
        if action == "delete":
            return page(code[:-1], tells=False)
        if action == "pair":
            if len(code) == pairing.LENGTH:
                desk.ask(code)
            return page(code)
        return page(pairing.clean(code + request.form.get("key", "")), tells=False)

    @staff.before_app_request
    def show_by_itself() -> Response | None:
        is_gateway = bool(terminal.settings.public_url)  # where each browser is paired by itself
        if is_gateway or request.path != "/" or request.method != "GET" or not desk.is_wanted():
            return None
        shown = page(tells=False)
        shown.headers[SCREEN_HEADER] = "pairing"
        return shown


def _shown(name: str, after_s: int, then: str, say: Speech, **context: Any) -> Response:
    """A page that goes on by itself, script or not."""
    html = render_template(
        f"kiosk/staff_{name}.html", say=say, _=say._, lang=say.lang, dir=direction(say.lang), names=NAMES, **context
    )
    return Response(html, mimetype="text/html", headers={"Refresh": f"{after_s}; url={then}"})
