"""A card that somebody else filled: when the ballast is used up and head office is there, it takes the answers, what it
took makes room, and taps are held again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.ballast import BYTES, PIECE, RESERVE, Ballast
from kiosk.config import Settings
from kiosk.outbox import NotHeld
from kiosk.terminal import Terminal
from sync import wire
from sync.centre import Centre
from tests.bad_days import Watch, Wire, counted, enrol_code, health, later, passes, sender_of, tap
from tests.kiosk.test_disk import file_system, filled, wait_until_well
from tests.terminals import Hands

COMMENT = "x" * 1900
SQLITE_ONLY = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What happens here happens at the terminal."""


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Path]:
    with file_system(tmp_path, size="66m") as folder:
        yield folder


@pytest.fixture
def oslo(card: Path, faulty: tuple[Wire, str], a_centre: Centre) -> Iterator[Terminal]:
    """On that card. Its threads are not running."""
    box = Terminal(Settings(data=card, centre=faulty[1]), Hands())
    sender_of(box)._monotonic = Watch()
    box.enrol(enrol_code(a_centre, "Oslo"))
    passes(box)
    box.outbox.disk.mend()
    yield box
    box.stop()


def tap_until_refused(box: Terminal) -> int:
    """How many were held before several in a row were not."""
    held = refused = 0
    while refused < 3:
        try:
            tap(box, comment=COMMENT)
            held, refused = held + 1, 0
        except NotHeld:
            refused += 1
    return held


@SQLITE_ONLY
def test_a_full_card_drains_and_holds_taps_again(oslo: Terminal, card: Path, a_centre: Centre) -> None:
    for _ in range(60):
        tap(oslo, comment=COMMENT)
    passes(oslo)
    films = filled(card)
    held = 60 + tap_until_refused(oslo)
    assert (card / "reserve").stat().st_size > RESERVE - 2 * PIECE
    assert not (card / "ballast").exists()
    pending = health(oslo, "pending")[0]
    assert pending > 500

    for _ in range(100):  # head office is there again; the film stays
        later(oslo)
        sender_of(oslo).pass_once()
        oslo.upkeep.now_and_then()
        if not health(oslo, "pending")[0]:
            break
    assert health(oslo, "pending", "storage", "lost") == [0, "full", 0]
    assert counted(a_centre) == held
    for _ in range(30):
        tap(oslo, comment=COMMENT)
    passes(oslo)
    assert counted(a_centre) == held + 30

    films.unlink()
    wait_until_well(oslo)
    assert [(card / name).stat().st_size for name in ("ballast", "reserve")] == [BYTES, RESERVE]


@SQLITE_ONLY
def test_bodies_that_head_office_has_make_room_while_it_is_away(oslo: Terminal, card: Path) -> None:
    """The oldest first; what waits stays whole."""
    for _ in range(900):
        tap(oslo, comment=COMMENT)
    passes(oslo)
    waiting = [tap(oslo, comment=COMMENT) for _ in range(5)]
    filled(card)
    tap_until_refused(oslo)
    refused = health(oslo, "pending")[0]
    oslo.upkeep.now_and_then()
    assert tap_until_refused(oslo) > 100
    assert health(oslo, "pending")[0] > refused
    sent = oslo.outbox.take(2000)
    assert [entry.id for entry in sent][:5] == waiting
    assert all(wire.is_intact(wire.read_entry(entry.body)) for entry in sent)


def test_a_box_that_starts_on_a_full_card_still_keeps_its_last_room(card: Path) -> None:
    filled(card)
    reserve = Ballast(card, "reserve", RESERVE, 2 * RESERVE, vital=True)
    reserve.take_aboard()
    assert reserve.given_up
    (card / "films").unlink()
    reserve.take_aboard()
    assert not reserve.given_up
    assert [reserve.give_up(PIECE) for _ in range(5)] == [True] * 4 + [False]
