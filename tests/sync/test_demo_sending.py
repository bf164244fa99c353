"""How the demo's terminals cut their past into batches, and how far the bar has come."""

import io

from sync import wire
from sync.demo.progress import Progress
from sync.demo.sending import batches


class Watched(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_batch_holds_at_most_200_entries_in_order() -> None:
    entries = [b"%d" % number for number in range(450)]
    pieces = list(batches(entries))
    assert [len(piece) for piece in pieces] == [200, 200, 50]
    assert [entry for piece in pieces for entry in piece] == entries


def test_a_batch_stays_below_128_kb() -> None:
    entries = [b"x" * 9_000] * 40
    pieces = list(batches(entries))
    assert sum(map(len, pieces)) == 40
    assert all(sum(map(len, piece)) + 4_096 <= wire.MAX_BYTES for piece in pieces)


def test_nothing_is_no_batch() -> None:
    assert list(batches([])) == []


def test_the_bar_is_quiet_where_nobody_watches() -> None:
    out = io.StringIO()
    progress = Progress({"oslo": 1}, out)
    progress.add("oslo", 1, 12)
    progress.finish()
    assert out.getvalue() == ""
    assert progress.count == 12


def test_the_bar_weighs_big_terminals_more() -> None:
    out = Watched()
    progress = Progress({"oslo": 3, "molde": 1}, out)
    progress.add("oslo", 1, 1_200)
    assert " 75%  1,200 answers" in out.getvalue()
    progress.finish()
    assert out.getvalue().endswith("\r\033[K")
