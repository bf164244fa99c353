"""The starts that this terminal lived through, and the anchors that tell when they were."""

from bisect import bisect
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from kiosk.disk import Disk
from sync import wire

MOST = 400
"""Of each, a request carries no more; the newest count."""


class Told(NamedTuple):
    """What a request says of the starts."""

    boots: dict[str, int]
    anchors: list[wire.Anchor]


class Starts:
    """`boot` is the one that runs. `base`: the number after which the starts of this file are counted; a file that
    replaces a damaged one begins far above it. Raises NotHeld."""

    def __init__(self, disk: Disk, base: int = 0) -> None:
        self._disk, self._base = disk, base

    def began(self, boot: str) -> None:
        """This start has its number. Raises NotHeld."""
        with self._disk.durable() as db:
            known = db.execute("SELECT 1 FROM boots WHERE boot = ?", (boot,)).fetchone()
            if known is None:
                query = "INSERT INTO boots SELECT ?, max(coalesce(max(n), 0), ?) + 1 FROM boots"
                db.execute(query, (boot, self._base))

    def anchor(self, seen: wire.Anchor) -> None:
        """Keep an anchor: the first and the last of each boot. Raises NotHeld."""
        row = (seen.boot, seen.boottime_ms, seen.server_ms, seen.rtt_ms)
        with self._disk.durable() as db:
            db.execute("INSERT OR IGNORE INTO anchors VALUES (?1, 'first', ?2, ?3, ?4)", row)
            db.execute("INSERT OR REPLACE INTO anchors VALUES (?1, 'last', ?2, ?3, ?4)", row)

    def is_anchored(self, boot: str) -> bool:
        return self._disk.row("SELECT 1 FROM anchors WHERE boot = ? LIMIT 1", boot) is not None

    def server_ms(self, now: wire.Stamp) -> int | None:
        """The centre's time now, when this start has an anchor."""
        query = "SELECT boottime_ms, server_ms FROM anchors WHERE boot = ? AND place = 'last'"
        row = self._disk.row(query, now.boot)
        return row[1] + max(now.boottime_ms - row[0], 0) if row else None

    def told(self, boots: Iterable[str] | None) -> Told:
        """What there is to say of these starts and the anchored ones next to them; None: of all, the newest."""
        if boots is None:
            numbers = self._disk.rows("SELECT boot, n FROM boots ORDER BY n DESC LIMIT ?", MOST)
            anchors = self._disk.rows(f"{_ANCHORS} ORDER BY server_ms DESC, boottime_ms DESC LIMIT ?", MOST)
            return _told(numbers, anchors)
        chosen = sorted(self._concerned(set(boots)))[:MOST]
        marks = ", ".join("?" * len(chosen))
        numbers = self._disk.rows(f"SELECT boot, n FROM boots WHERE boot IN ({marks})", *chosen)  # noqa: S608
        anchors = self._disk.rows(f"{_ANCHORS} WHERE boot IN ({marks})", *chosen)
        return _told(numbers, anchors)

    def _concerned(self, wanted: set[str]) -> set[str]:
        if all(self.is_anchored(boot) for boot in wanted):
            return wanted
        anchored = {row[0] for row in self._disk.rows("SELECT boot FROM anchors WHERE place = 'first'")}
        return concerned(dict(self._disk.rows("SELECT boot, n FROM boots")), anchored, wanted)


_ANCHORS = "SELECT boot, boottime_ms, server_ms, rtt_ms FROM anchors"


def _told(numbers: list[tuple[Any, ...]], anchors: list[tuple[Any, ...]]) -> Told:
    # The first and the last anchor of a boot that was answered once are the same.
    kept = {wire.Anchor(*row) for row in anchors}
    ordered = sorted(kept, key=lambda anchor: (anchor.server_ms, anchor.boottime_ms, anchor.boot))
    return Told(dict(numbers), ordered[-MOST:])


def concerned(numbers: Mapping[str, int], anchored: Collection[str], wanted: Iterable[str]) -> set[str]:
    """The `wanted` starts, and beside each that has no anchor of its own the last anchored one before it and the first
    after it. Pure."""
    chosen = set(wanted)
    steady = sorted((numbers[boot], boot) for boot in anchored if boot in numbers)
    for boot in [boot for boot in chosen if boot not in anchored and boot in numbers]:
        place = bisect(steady, (numbers[boot], ""))
        chosen.update(name for _, name in steady[max(place - 1, 0) : place + 1])
    return chosen
