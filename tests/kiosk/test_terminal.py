"""One box: what it holds of a visit, whoever sends it twice, late or after the fact; and its clock."""

import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kiosk import condition, control
from kiosk.clock import Clock
from kiosk.config import Settings
from kiosk.outbox import Draft
from kiosk.terminal import WALKED_AWAY_MS, Terminal, TerminalRefused
from sync import wire
from tests.terminals import Hands, sealed, terminal

V7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path) as opened:
        yield opened


def hold(box: Terminal, **changes: Any) -> Draft:
    standing = box.standing()
    assert standing is not None
    given: dict[str, Any] = {
        "id": box.new_id(),
        "rev": 1,
        "lang": "en",
        "answers": {"visit": 3},
        "shown": {},
        "first_ms": 900,
        "total_ms": 1000,
        "ago_ms": 0,
        "from_page": True,
    }
    return box.hold(standing, **{**given, **changes})


def forward(box: Terminal, ms: int) -> None:
    assert isinstance(box.clock, Hands)
    box.clock.ahead_ms += ms


def test_ids_are_in_the_order_of_time(box: Terminal) -> None:
    first = box.new_id()
    time.sleep(0.002)
    second = box.new_id()
    assert V7.fullmatch(first)
    assert V7.fullmatch(second)
    assert first < second
    assert abs(int(first.replace("-", "")[:12], 16) - box.clock.wall_ms()) < 60_000


def test_a_page_that_repeats_itself_counts_once_also_when_its_body_is_gone(box: Terminal) -> None:
    """The disk was full since, and let go of what head office holds."""
    first = hold(box)
    box.seal(first.id, "done")
    box.outbox.settle([wire.Result(first.id, 1, "stored")], box.clock.wall_ms())
    while box.outbox.archive.tidy(box.clock.wall_ms(), "none", 10**9):
        pass
    assert box.outbox.sealed(first.id) is None
    assert hold(box, id=first.id).id == first.id
    assert box.outbox.drafts_of(None) == []


def test_a_page_that_repeats_itself_changes_nothing(box: Terminal) -> None:
    draft = hold(box)
    assert hold(box, id=draft.id) == draft
    box.seal(draft.id, "done")
    again = hold(box, id=draft.id, answers={"visit": 0})
    assert (again.id, again.answers) == (draft.id, {"visit": 3})
    assert len(sealed(box)) == 1
    assert box.draft(draft.id) is None


def test_a_page_that_was_cut_off_delivers_late(box: Terminal) -> None:
    draft = hold(box)
    box.seal(draft.id, "left")
    late = hold(box, id=draft.id, rev=3, answers={"visit": 1, "comment": "Sorry, the network."})
    assert late.stamp == draft.stamp
    box.seal(draft.id, "done")
    assert [(entry["id"], entry["rev"], entry["ended"]) for entry in sealed(box)] == [
        (draft.id, 1, "left"),
        (draft.id, 3, "done"),
    ]


def test_a_plain_form_for_a_visit_that_is_over_is_somebody_new(box: Terminal) -> None:
    draft = hold(box, from_page=False)
    box.seal(draft.id, "done")
    new = hold(box, id=draft.id, answers={"visit": 0}, from_page=False)
    assert new.id != draft.id
    assert (new.rev, new.answers) == (1, {"visit": 0})


def test_the_tap_keeps_its_own_time(box: Terminal) -> None:
    draft = hold(box, ago_ms=4000)
    assert 3900 <= box.clock.boottime_ms() - draft.stamp.boottime_ms <= 60_000
    forward(box, 30_000)
    assert hold(box, id=draft.id, rev=2).stamp == draft.stamp


def test_the_time_since_the_previous_response(box: Terminal) -> None:
    first = hold(box)
    forward(box, 7000)
    second = hold(box)
    forward(box, 1000)
    revised = hold(box, id=second.id, rev=2)
    assert first.since_prev_ms is None
    assert second.since_prev_ms is not None
    assert 7000 <= second.since_prev_ms <= 67_000
    assert revised.since_prev_ms == second.since_prev_ms


def test_whoever_walked_away_has_left(box: Terminal) -> None:
    gone = hold(box)
    forward(box, WALKED_AWAY_MS - 5000)
    there = hold(box)
    box._seal_stale(everybody=False)
    assert sealed(box) == []
    forward(box, 6000)
    box._seal_stale(everybody=False)
    assert [(entry["id"], entry["ended"]) for entry in sealed(box)] == [(gone.id, "left")]
    assert box.draft(there.id) == there


def test_whoever_was_there_when_the_power_went_has_left(tmp_path: Path) -> None:
    with terminal(tmp_path) as before:
        draft = hold(before)
    with terminal(tmp_path) as after:
        after.start()
        assert [(entry["id"], entry["ended"]) for entry in sealed(after)] == [(draft.id, "left")]


def test_its_health(box: Terminal) -> None:
    box.seal(hold(box).id, "done")
    hold(box)
    told = box.health()
    assert (told["sealed"], told["pending"], told["acked"], told["parked"]) == (1, 1, 0, 0)
    assert told["journal"] == "wal/full"
    assert told["enrolled"] is False
    assert isinstance(told["oldest_pending_ms"], int)
    assert told["resident_bytes"]


def test_a_folder_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(TerminalRefused, match=r"The data folder .* cannot be written"):
        Terminal(Settings(data=tmp_path / "data"))


def test_the_clock_of_this_machine() -> None:
    clock = Clock()
    assert uuid.UUID(clock.boot)
    assert clock.boot == Clock().boot
    assert clock.boottime_ms() <= clock.boottime_ms()
    assert isinstance(clock.synced(), bool)
    assert abs(clock.wall_ms() - time.time() * 1000) < 60_000


def test_where_there_is_no_linux_a_start_is_this_process_s(tmp_path: Path) -> None:
    one, other = Clock(tmp_path / "none"), Clock(tmp_path / "none")
    assert uuid.UUID(one.boot)
    assert one.boot != other.boot
    assert one.boottime_ms() <= one.boottime_ms()
    assert one.synced() is False
    stamp = one.stamp()
    assert (stamp.boot, stamp.synced) == (one.boot, False)


def test_asking_how_a_terminal_is_makes_none(tmp_path: Path) -> None:
    with pytest.raises(TerminalRefused, match="No terminal has been started"):
        control.status(Settings(data=tmp_path / "none"))
    assert list(tmp_path.iterdir()) == []


def test_health_says_when_a_page_was_last_heard(tmp_path: Path) -> None:
    with terminal(tmp_path, "scr-1") as box:
        box.standing("scr-1")
        forward(box, 90_000)
        screens = box._wire_health().screens
    assert screens["scr-1"]["beat_ms"] >= 90_000
    assert screens["scr-1"]["unsent"] == 0


def test_health_says_how_long_a_page_has_kept_what_is_not_taken(tmp_path: Path) -> None:
    with terminal(tmp_path, "scr-1") as box:
        box.standing("scr-1")
        for ahead_ms, unsent in ((0, 1), (60_000, 10**30), (120_000, 2)):
            forward(box, ahead_ms)
            box.hear("scr-1", False, unsent)
        n, held_ms = box._wire_health().in_pages
        assert n == 2
        assert held_ms >= 120_000
        said = condition.sentences({"running": True, **control.about(box.settings), **box.health()}, datetime.now(UTC))
        assert [each for each in said if each.startswith("2 answers wait in the page of a screen, since ")]
        box.hear("scr-1", False, 0)
        assert box._wire_health().in_pages == (0, 0)
        box.hear("scr-1", False, 1)
        assert box._wire_health().in_pages[1] < 60_000


SMALL = """
import sys
from kiosk import memory
memory.import_requests()
import requests
assert "charset_normalizer" not in sys.modules
print(requests.models.Response().apparent_encoding)
import charset_normalizer
"""


def test_what_guesses_encodings_is_not_loaded_for_nothing() -> None:
    done = subprocess.run([sys.executable, "-W", "error", "-c", SMALL], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("utf-8\n", "")
