"""`smilepost kiosk take`: what staff saved from a tablet as a file, brought to its gateway by hand."""

from pathlib import Path

from kiosk import carried, control, late
from kiosk.carried import Taken
from kiosk.config import Settings
from kiosk.late import Delivery
from kiosk.outbox import NotHeld
from kiosk.terminal import Terminal, TerminalRefused
from sync import wire


def take(settings: Settings, file: Path) -> str:
    """Take in what staff saved from a tablet of this data folder's gateway, running or not. Returns a sentence; raises
    TerminalRefused, OutboxRefused, NotHeld."""
    if not settings.public_url:
        raise TerminalRefused('This terminal is no gateway: without "public_url" in [kiosk] it has no tablets.')
    control.need_a_terminal(settings)
    try:
        portions = list(carried.deliveries(file.read_bytes()))
    except OSError as problem:
        raise TerminalRefused(f"{file} cannot be read: {problem.strerror}.") from None
    except late.Unfit:
        raise TerminalRefused(f"{file} is no file that was saved from a tablet.") from None
    taken = Taken()
    for portion in portions:
        answer = control.ask(settings, "POST", "/control/take", wire.encode(portion))
        if answer is None:
            return _taken(_take_alone(settings, portions))
        status, body = answer
        if status != 200:
            raise TerminalRefused(str(body["sentence"]))
        taken = Taken(taken.held + body["held"], taken.refused + body["refused"])
    return _taken(taken)


def _take_alone(settings: Settings, portions: list[Delivery]) -> Taken:
    """With a gateway that isn't running."""
    from kiosk import gateway, sealed  # only when they are needed: a running gateway has them

    terminal = Terminal(settings)
    try:
        safe = sealed.safe(settings.data, terminal.outbox.disk)
        if safe is None:
            raise NotHeld("its key cannot be read")
        return carried.take(portions, gateway.receiving(terminal, safe.opened))
    finally:
        terminal.stop()


def _taken(taken: Taken) -> str:
    said = f"{taken.held} records of the tablet are held here now; each counts once, however often it comes."
    if taken.refused:
        said += f" {taken.refused} cannot be opened or read here: keep the file, and tell head office."
    return said
