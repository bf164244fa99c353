"""`smilepost`: the terminal's verbs, and the way to the others. A user's mistake is one sentence and exit code 2.

The demo and the server live in their own package with libraries that a small machine shouldn't load: they are
imported when they are asked for."""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from kiosk import config
from kiosk.config import BadConfig

OK, REFUSED = 0, 2
DEMO_DATA = "smilepost-demo"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one verb; returns the exit code: 0 done, 2 refused."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words[:1] == ["server"]:
        from sync import cli

        return cli.main(words[1:])
    asked = parser().parse_args(words)
    verb: Callable[[argparse.Namespace], int] = asked.verb
    try:
        return verb(asked)
    except BadConfig as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return 130


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(
        prog="smilepost",
        description="Customer feedback where it happens: a face tapped in the shop becomes a score at head office.",
        epilog="`smilepost VERB --help` explains each verb.",
    )
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    _demo_verb(verbs)
    kiosk = verbs.add_parser(
        "kiosk",
        help="a terminal: run, enrol, pin, sheet, proxy, export, take, status",
        description="A terminal in a shop.",
    )
    _kiosk_verbs(kiosk.add_subparsers(title="verbs", metavar="VERB", required=True))
    # Only for the list: main() hands everything after this word on.
    verbs.add_parser(
        "server", help="head office: run, enrol-code, user, backup, restore, verify and more", add_help=False
    )
    return top


def _demo_verb(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    does = "try everything out on this machine: head office, two terminals and a simulated past"
    demo = verbs.add_parser("demo", help=does, description=f"{does[0].upper()}{does[1:]}. Ctrl-C stops it.")
    demo.add_argument("--days", type=int, metavar="N", help="days of simulated past of a new demo (default: 28)")
    demo.add_argument("--data", type=Path, default=Path(DEMO_DATA), metavar="DIR",
                      help=f"folder for its data; a second demo goes on with it (default: ./{DEMO_DATA})")  # fmt: skip
    demo.add_argument("--port", type=int, default=8320, metavar="N",
                      help="port of head office; the terminals take the ones after it (default: 8320)")  # fmt: skip
    demo.add_argument("--fresh", action="store_true", help="throw the data of an earlier demo away first")
    demo.set_defaults(verb=_demo)


def _kiosk_verbs(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    for name, run, does in (
        ("run", _run, "show the question and send the answers until told to stop"),
        ("enrol", _enrol, "bring this terminal to the place that a code from head office stands for"),
        ("pin", _pin, "set the PIN of the staff's page: 4 to 12 digits, of which only a hash is kept"),
        ("export", _export, "write everything unsent into a file, for somebody to carry to head office"),
        ("take", _take, "take in a file that staff saved from a tablet, at its gateway; nothing counts twice"),
        ("sheet", _sheet, "print the sheet for whoever puts this screen up: what to do, in which order"),
        ("proxy", _proxy, "print what nginx, in front of a gateway of tablets, needs to know"),
        ("status", _status, "say how this terminal is: where it stands, what waits, whether head office answers"),
    ):
        verb = verbs.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
        if name == "enrol":
            verb.add_argument("code", metavar="CODE", help="the eight characters that head office shows")
        if name == "pin":
            verb.add_argument("--stdin", action="store_true", help="read it from the first line of standard input")
        if name == "sheet":
            verb.add_argument("--html", action="store_true", help="as a page to print, instead of plain text")
        if name == "proxy":
            verb.add_argument("--certificate", type=Path, metavar="FILE", help="the certificate (default: certbot's)")
            verb.add_argument("--key", type=Path, metavar="FILE", help="its private key (default: certbot's)")
        if name == "export":
            verb.add_argument("file", type=Path, metavar="FILE", help="the file to write; it must not exist yet")
        if name == "take":
            verb.add_argument("file", type=Path, metavar="FILE", help="the file that the tablet saved")
        if name == "status":
            verb.add_argument("--json", action="store_true", help="everything as JSON, for whoever watches by machine")
        verb.add_argument("--config", type=Path, metavar="FILE", help="config.toml (default: none, the defaults hold)")
        verb.set_defaults(verb=run)


def _demo(asked: argparse.Namespace) -> int:
    from sync.demo import run

    return run.run(days=asked.days, data=asked.data, port=asked.port, fresh=asked.fresh)


def _run(asked: argparse.Namespace) -> int:
    from kiosk import serving
    from kiosk.outbox import OutboxRefused
    from kiosk.terminal import Terminal, TerminalRefused

    settings = config.load(asked.config)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        # The port first: a second start by mistake doesn't even open the outbox.
        sockets = serving.bind(settings.host, settings.port)
        terminal = Terminal(settings)
    except (serving.PortRefused, TerminalRefused, OutboxRefused) as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    from kiosk.app import create_app

    try:
        app = create_app(terminal)
        terminal.start()
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        if settings.public_url:
            print(f"Screens are paired at {settings.public_url}/pair", flush=True)
        else:
            print(f"The screen is at http://{host}:{settings.port}/", flush=True)
        serving.serve(app, sockets, threads=settings.threads, of_gateway=settings.public_url is not None)
    finally:
        terminal.stop()
    return OK


def _enrol(asked: argparse.Namespace) -> int:
    from kiosk import control
    from kiosk.outbox import OutboxRefused
    from kiosk.terminal import TerminalRefused

    settings = config.load(asked.config)
    try:
        print(control.enrol(settings, asked.code))
    except (TerminalRefused, OutboxRefused) as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    return OK


def _pin(asked: argparse.Namespace) -> int:
    from kiosk import control
    from kiosk.pin import PinRefused
    from kiosk.terminal import TerminalRefused

    settings = config.load(asked.config)
    try:
        print(control.set_pin(settings, _typed_pin(asked.stdin)))
    except (TerminalRefused, PinRefused) as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    return OK


def _typed_pin(from_stdin: bool) -> str:
    """Asked for twice without showing it, or the first line that comes in. Raises PinRefused."""
    from getpass import getpass

    from kiosk import pin

    if from_stdin:
        return sys.stdin.readline().strip()
    typed = getpass("PIN for the staff's page: ").strip()
    pin.check(typed)
    if getpass("The same again: ").strip() != typed:
        raise pin.PinRefused("These are two different PINs: nothing was changed.")
    return typed


def _sheet(asked: argparse.Namespace) -> int:
    from kiosk import control, sheet

    facts = control.facts(config.load(asked.config))
    facts = facts._replace(config=str(asked.config.absolute()) if asked.config else None)
    print(sheet.html(facts) if asked.html else sheet.text(facts), end="")
    return OK


def _proxy(asked: argparse.Namespace) -> int:
    from kiosk import proxy

    settings = config.load(asked.config)
    files = [file.absolute() if file else None for file in (asked.certificate, asked.key)]
    try:
        print(proxy.nginx(settings, *files, six=proxy.has_ipv6()), end="")
    except proxy.NoGateway as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    return OK


def _export(asked: argparse.Namespace) -> int:
    from kiosk import control
    from kiosk.export import ExportRefused
    from kiosk.outbox import NotHeld, OutboxRefused
    from kiosk.terminal import TerminalRefused

    settings = config.load(asked.config)
    try:
        print(control.export(settings, asked.file))
    except (TerminalRefused, OutboxRefused, ExportRefused) as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    except NotHeld as problem:
        print(f"The outbox cannot be read ({problem}).", file=sys.stderr)
        return REFUSED
    return OK


def _take(asked: argparse.Namespace) -> int:
    from kiosk import by_hand
    from kiosk.outbox import NotHeld, OutboxRefused
    from kiosk.terminal import TerminalRefused

    settings = config.load(asked.config)
    try:
        print(by_hand.take(settings, asked.file))
    except (TerminalRefused, OutboxRefused) as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    except NotHeld as problem:
        print(f"The disk does not take it now ({problem}): nothing is lost, take it again.", file=sys.stderr)
        return REFUSED
    return OK


def _status(asked: argparse.Namespace) -> int:
    from kiosk import condition, control
    from kiosk.outbox import OutboxRefused
    from kiosk.terminal import TerminalRefused

    settings = config.load(asked.config)
    try:
        status = control.status(settings)
    except (TerminalRefused, OutboxRefused) as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    if asked.json:
        print(json.dumps(status, indent=2, ensure_ascii=False))
    else:
        print(*condition.sentences(status, datetime.now().astimezone()), sep="\n")
    return OK


if __name__ == "__main__":
    sys.exit(main())
