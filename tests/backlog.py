"""A terminal that was offline for long: enrolled, with thousands of answers that nobody has seen yet."""

from collections.abc import Sequence
from pathlib import Path

from kiosk.config import Settings
from kiosk.outbox import Draft
from kiosk.terminal import Terminal
from sync.survey import BUILTIN

ROWS_AT_ONCE = 2_000
WORDS = "Nobody was at the till, and the lift is out of order again. " * 3


def fill(data: Path, centre: str, code: str, answers: int) -> None:
    """Enrol the terminal of the folder `data`, and seal so many answers; every tenth has a comment."""
    terminal = Terminal(Settings(data=data, centre=centre))
    try:
        terminal.enrol(code)
        for start in range(0, answers, ROWS_AT_ONCE):
            _seal(terminal, range(start, min(start + ROWS_AT_ONCE, answers)))
    finally:
        terminal.stop()


def _seal(terminal: Terminal, numbers: Sequence[int]) -> None:
    """In one transaction: this is preparation, and a disk is told to hold it once."""
    screen, placement = next(iter(terminal._identity.screens.items()))
    outbox, stamp = terminal.outbox, terminal.clock.stamp()
    reasons = BUILTIN.follow_ups(BUILTIN.first.id, 3).reasons
    assert reasons
    shown = {reasons.id: [choice.id for choice in reasons.choices]}
    with outbox.disk.durable():
        for number in numbers:
            answers: dict[str, int | list[str] | str] = {"visit": number % 4}
            if number % 10 == 0:
                answers["comment"] = WORDS
            draft = Draft(
                terminal.new_id(), 1, screen, placement, "builtin", 1, "en", answers, shown, stamp, 900, 4000, 9000, []
            )
            outbox.hold(draft, stamp)
            outbox.seal(draft.id, "done", stamp)
