"""The command line's way into a running terminal: over loopback, with a token that lies in the data folder."""

import hmac
import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Response, abort, jsonify, request

from kiosk import identity, lock, pin
from kiosk.config import Settings
from kiosk.export import write
from kiosk.identity import write_whole
from kiosk.outbox import NotHeld
from kiosk.storage import is_no_file
from kiosk.terminal import Terminal, TerminalRefused
from sync import wire

if TYPE_CHECKING:
    import requests

    from kiosk.sheet import Facts

log = logging.getLogger(__name__)

TOKEN = "control.token"  # noqa: S105 - the name of a file
_HEADER = "Smilepost-Control"


def routes(terminal: Terminal) -> Blueprint:
    """What the command line asks. Each start has a token of its own."""
    token = secrets.token_hex(32)
    try:
        write_whole(terminal.settings.data / TOKEN, token.encode())
    except OSError as problem:
        log.warning("the command line cannot reach this terminal: %s is not written (%s)", TOKEN, problem.strerror)
    control = Blueprint("control", __name__, url_prefix="/control")

    @control.before_request
    def guard() -> None:
        local = request.remote_addr in ("127.0.0.1", "::1", terminal.settings.host)
        if not local or not hmac.compare_digest(request.headers.get(_HEADER, "").encode(), token.encode()):
            abort(404)

    @control.get("/status")
    def status() -> Response:
        return jsonify(terminal.health())

    @control.post("/enrol")
    def enrol() -> tuple[Response, int]:
        try:
            return jsonify(sentence=terminal.enrol(str(request.form.get("code", "")))), 200
        except TerminalRefused as refusal:
            return jsonify(sentence=str(refusal)), 409

    @control.post("/pin")
    def keep_pin() -> tuple[Response, int]:
        try:
            pin.keep(terminal.settings.data, str(request.form.get("kept", "")))
        except (pin.PinRefused, OSError) as problem:
            return jsonify(sentence=_unkept(problem)), 409
        return jsonify(sentence=_kept(terminal.standings.staff_pin is not None)), 200

    @control.get("/export")
    def export() -> Response | tuple[Response, int]:
        try:
            return Response(terminal.export(), mimetype="application/gzip")
        except (TerminalRefused, NotHeld) as refusal:
            return jsonify(sentence=str(refusal)), 409

    return control


def enrol(settings: Settings, code: str) -> str:
    """Enrol the terminal of this data folder, running or not. Returns a sentence; raises TerminalRefused."""
    answer = ask(settings, "POST", "/control/enrol", {"code": code})
    if answer is not None:
        status, body = answer
        if status != 200:
            raise TerminalRefused(str(body["sentence"]))
        return str(body["sentence"])
    terminal = Terminal(settings)
    try:
        return terminal.enrol(code)
    finally:
        terminal.stop()


def set_pin(settings: Settings, typed: str) -> str:
    """Keep the hash of a new PIN for the staff's page of this data folder's terminal, running or not. Returns a
    sentence; raises TerminalRefused, PinRefused."""
    pin.check(typed)
    kept = wire.hash_pin(typed)
    answer = ask(settings, "POST", "/control/pin", {"kept": kept})
    if answer is not None:
        status, body = answer
        if status != 200:
            raise TerminalRefused(str(body["sentence"]))
        return str(body["sentence"])
    try:
        taken = lock.take(settings.data)
    except lock.Taken as refusal:
        raise TerminalRefused(str(refusal)) from None
    try:
        pin.keep(settings.data, kept)
    except OSError as problem:
        raise TerminalRefused(_unkept(problem)) from None
    finally:
        taken.close()
    return _kept(_has_offices_pin(settings))


def _has_offices_pin(settings: Settings) -> bool:
    told = identity.load_manifest(settings.data)
    return told is not None and any(screen.settings.get("staff_pin") for screen in told.manifest.screens.values())


def _kept(is_overruled: bool) -> str:
    if is_overruled:
        return "The PIN is kept, but head office has set one for its terminals, and that one counts."
    return "The staff's page, /staff, opens with this PIN from now on."


def _unkept(problem: Exception) -> str:
    why = problem.strerror if isinstance(problem, OSError) else str(problem)
    return f"The PIN cannot be written down: {why}."


def export(settings: Settings, file: Path) -> str:
    """Write everything unsent of the terminal of this data folder, running or not, into `file`. Returns a sentence;
    raises TerminalRefused, OutboxRefused, ExportRefused, NotHeld."""
    need_a_terminal(settings)
    with _opened(settings, "/control/export") as reply:
        if reply is not None and reply.status_code != 200:
            raise TerminalRefused(str(reply.json()["sentence"]))
        if reply is not None:
            write(file, _pieces(reply))
            return _carry(file)
    terminal = Terminal(settings)
    try:
        write(file, terminal.export())
    finally:
        terminal.stop()
    return _carry(file)


def _carry(file: Path) -> str:
    return f"Everything unsent is in {file}; at head office `smilepost server import {file.name}` takes it in."


def _pieces(reply: "requests.Response") -> Iterator[bytes]:
    import requests

    try:
        yield from reply.iter_content(64 * 1024)
    except requests.RequestException:
        raise TerminalRefused("The terminal stopped in the middle of it; nothing was written. Try again.") from None


def status(settings: Settings) -> dict[str, Any]:
    """The health of the terminal of this data folder, running or not, and where it stands: `address` of its screen,
    `centre`, `places` by screen; `in_pages` is None of one that isn't running: no page speaks to it. Raises
    TerminalRefused, OutboxRefused."""
    answer = ask(settings, "GET", "/control/status", None)
    if answer is not None:
        return {"running": True, **about(settings), **answer[1]}
    need_a_terminal(settings)
    try:
        terminal = Terminal(settings)
    except TerminalRefused:
        # It may be running on a disk that did not take its token; how it is is no secret on this machine.
        answer = ask(settings, "GET", "/healthz", None)
        if answer is None or "pending" not in answer[1]:
            raise
        return {"running": True, **about(settings), **answer[1]}
    try:
        return {"running": False, **about(settings), **terminal.health(), "in_pages": None}
    finally:
        terminal.stop()


def about(settings: Settings) -> dict[str, Any]:
    """What stands in the settings and in the manifest: `address` of the screen, `centre`, `places` by screen."""
    kept = identity.load_manifest(settings.data)
    return {
        "address": f"{_address(settings)}/",
        "centre": settings.centre,
        "places": {name: screen.place for name, screen in kept.manifest.screens.items()} if kept else {},
    }


def facts(settings: Settings) -> "Facts":
    """What the installation sheet says of the terminal of this data folder, running or not, started before or not."""
    from kiosk.sheet import Facts

    told = about(settings)
    places = list(dict.fromkeys(told["places"].values()))
    has_pin = _has_offices_pin(settings) or pin.kept(settings.data) is not None
    return Facts(told["address"], places, settings.centre, str(settings.data), has_pin)


def _address(settings: Settings) -> str:
    """Where this machine itself finds the terminal."""
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"


def need_a_terminal(settings: Settings) -> None:
    if not any((settings.data / name).exists() for name in ("identity.json", "outbox.sqlite3")):
        raise TerminalRefused(f"No terminal has been started on the data folder {settings.data} yet.")


def ask(
    settings: Settings, method: str, path: str, form: dict[str, str] | bytes | None
) -> tuple[int, dict[str, Any]] | None:
    """What the running terminal answers, or None when none is running here."""
    try:
        with _opened(settings, path, method, form) as reply:
            return None if reply is None else (reply.status_code, reply.json())
    except (OSError, ValueError):
        return None


def _token(settings: Settings) -> str:
    """Nothing when there is none, or a damaged one: then what is no secret can still be asked."""
    try:
        return "" if is_no_file(settings.data / TOKEN) else (settings.data / TOKEN).read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""


@contextmanager
def _opened(
    settings: Settings, path: str, method: str = "GET", form: dict[str, str] | bytes | None = None
) -> "Iterator[requests.Response | None]":
    """The running terminal's reply, of which nothing but the headers was read yet; None when none is running here."""
    import requests

    with requests.Session() as session:
        session.trust_env = False  # loopback never goes through a proxy
        try:
            headers = {_HEADER: _token(settings)}
            reply = session.request(
                method, f"{_address(settings)}{path}", data=form, headers=headers, timeout=(2, 90), stream=True
            )
        except (OSError, ValueError):
            yield None
            return
        with reply:
            yield None if reply.status_code == 404 else reply
