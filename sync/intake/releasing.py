"""What those see who may not see single answers: released part by part (sync.intake.atoms), where it is marked that
something was counted, or where the time has come (sync.intake.briefings)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, func, or_, select, union_all

from sync.intake import atoms, briefings
from sync.intake.atoms import ELSEWHERE, FEW, GATHERED, NOTHING, Counts, Label, Spot, When
from sync.intake.briefings import Clock
from sync.intake.shown import BACK, first_released
from sync.models import VALUES, released_day, shown_day, tallies_day
from sync.rows import add_counts, put

AT_ONCE = 100
"""Places that are read together."""
_LOCK = 0x534D5355

Days = set[int] | None
"""Local days; None for all of them."""


class Series(NamedTuple):
    """What is released by itself: a question of a place, or one reason of it."""

    place: int
    question: str
    choice: str


def lock(tx: Connection, *, shared: bool = False) -> None:
    """Until the end of this transaction nobody (else) releases anything. On SQLite whoever writes is alone anyway."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}(%s)", (_LOCK,))


def release(tx: Connection, marked: Mapping[int, Days], now_ms: int) -> dict[int, set[int]]:
    """Release what may be at these places, where these days were counted anew. Returns the days that are shown
    otherwise now. Nobody else does meanwhile (`lock`)."""
    found: dict[int, set[int]] = defaultdict(set)
    numbers = sorted(marked, key=lambda number: (_first(marked[number]), number))
    for start in range(0, len(numbers), AT_ONCE):
        some = numbers[start : start + AT_ONCE]
        first = min(_first(marked[number]) for number in some)
        for place, days in _release(tx, some, first, now_ms).items():
            found[place] |= days
    return found


def _first(days: Days) -> int:
    """The first day that has to be looked at: what waits to be gathered with these, and what stands under them."""
    return 0 if days is None else max(min(days) - GATHERED, 0)


def _release(tx: Connection, numbers: Sequence[int], first: int, now_ms: int) -> dict[int, set[int]]:
    known = briefings.kept(tx, numbers)
    clock = briefings.standing(tx, numbers, now_ms, known)
    differing = _differing(tx, list(clock), first)
    changes = _changes(tx, differing, clock, first)
    _write(tx, changes)
    first_released(tx, _over(changes, clock), now_ms)
    briefings.wait(tx, clock, _waiting(differing, clock), {series.place for series in changes}, known)
    shown: dict[int, set[int]] = defaultdict(set)
    for series, change in changes.items():
        shown[series.place] |= change.shown.keys()
    return shown


def _waiting(differing: Mapping[Series, Mapping[int, Counts]], clock: Mapping[int, Clock]) -> dict[int, int]:
    """Where something may be released by the clock alone, and its first day: crews wait for their briefing, what is too
    few of today waits for the day to be over."""
    found: dict[int, int] = {}
    for series, days in differing.items():
        own = clock[series.place]
        for day, counts in days.items():
            is_few = day == own.today and 0 < sum(count for count in counts if count > 0) < FEW
            if not own.ready or day > own.until or is_few:
                found[series.place] = min(day, found.get(series.place, day))
    return found


def _differing(tx: Connection, numbers: Sequence[int], first: int) -> dict[Series, dict[int, Counts]]:
    """What each day counts more and less than was released of it, where something differs."""
    counted, given = tallies_day.c, released_day.c
    both = union_all(
        select(counted.location_id, counted.question, counted.choice, counted.day, *(counted[v] for v in VALUES))
        .where(counted.location_id.in_(numbers), counted.day >= first, ~counted.aside),
        select(given.location_id, given.question, given.choice, given.day, *((-given[v]).label(v) for v in VALUES))
        .where(given.location_id.in_(numbers), given.day >= first, given.label != ELSEWHERE),
    ).subquery()  # fmt: skip
    what = (both.c.location_id, both.c.question, both.c.choice, both.c.day)
    sums = [func.sum(both.c[value]) for value in VALUES]
    query = select(*what, *sums).group_by(*what).having(or_(*(each != 0 for each in sums)))
    found: dict[Series, dict[int, Counts]] = defaultdict(dict)
    for place, question, choice, day, *counts in tx.execute(query):
        found[Series(place, question, choice)][int(day)] = tuple(map(int, counts))
    return found


def _changes(
    tx: Connection, every: Mapping[Series, Mapping[int, Counts]], clock: Mapping[int, Clock], first: int
) -> dict[Series, atoms.Change]:
    ready, since = [number for number, each in clock.items() if each.ready], first + GATHERED if first else 0
    differing = {series: days for series, days in every.items() if clock[series.place].ready}
    taken = _taken(tx, ready, since)
    concerned = sorted({series.place for series in (*differing, *taken)})
    less = {series for series, days in differing.items() if _lost(days.values()) >= FEW}
    released = _released(tx, sorted({series.place for series in (*less, *taken)}), first - GATHERED)
    elsewhere = _elsewhere(tx, concerned)
    days = {number: set[int]() for number in concerned}
    for series in differing:
        days[series.place] |= differing[series].keys()
    shown = _shown(tx, concerned, min((day for some in days.values() for day in some), default=0))
    found = {}
    for series in {*differing, *taken}:
        own = clock[series.place]
        change = atoms.change(
            differing.get(series, {}), elsewhere.get(series, {}), released.get(series, {}),
            {**taken.get(series, {}), **shown.get(series, {})}, When(own.until, own.today, since),
        )  # fmt: skip
        if change.shown or change.released:
            found[series] = change
    return found


def _over(changes: Mapping[Series, atoms.Change], clock: Mapping[int, Clock]) -> Iterator[tuple[int, str, int, Counts]]:
    """What is shown now of the last days that are over."""
    for series, change in changes.items():
        today = clock[series.place].today
        for day, label in change.shown.items():
            if not series.choice and today - BACK <= day < today:
                yield series.place, series.question, day, label.counts


def _lost(days: Iterable[Counts]) -> int:
    return -sum(count for counts in days for count in counts if count < 0)


def _labels(rows: Iterable[Any]) -> dict[Series, dict[int, Label]]:
    found: dict[Series, dict[int, Label]] = defaultdict(dict)
    for row in rows:
        counts = tuple(int(getattr(row, value)) for value in VALUES)
        label = Label(counts, row.parts, row.taken, bool(row.parted))
        found[Series(row.location_id, row.question, row.choice)][row.day] = label
    return found


def _taken(tx: Connection, numbers: Sequence[int], since: int) -> dict[Series, dict[int, Label]]:
    """What was taken back, and may come again."""
    query = select(shown_day).where(
        shown_day.c.location_id.in_(numbers), shown_day.c.taken > 0, shown_day.c.day >= since
    )
    return _labels(tx.execute(query))


def _shown(tx: Connection, numbers: Sequence[int], first: int) -> dict[Series, dict[int, Label]]:
    query = select(shown_day).where(shown_day.c.location_id.in_(numbers), shown_day.c.day >= first)
    return _labels(tx.execute(query)) if numbers else {}


def _spots(query: Select[Any], tx: Connection) -> Iterator[tuple[Series, Spot, Counts]]:
    for row in tx.execute(query):
        series = Series(row.location_id, row.question, row.choice)
        yield series, Spot(row.day, row.label), tuple(int(getattr(row, value)) for value in VALUES)


def _released(tx: Connection, numbers: Sequence[int], since: int) -> dict[Series, dict[Spot, Counts]]:
    found: dict[Series, dict[Spot, Counts]] = defaultdict(dict)
    given = released_day.c
    those = and_(given.location_id.in_(numbers), given.label != ELSEWHERE, given.day >= since)
    for series, spot, counts in _spots(select(released_day).where(those), tx) if numbers else ():
        found[series][spot] = counts
    return found


def _elsewhere(tx: Connection, numbers: Sequence[int]) -> dict[Series, dict[int, Counts]]:
    found: dict[Series, dict[int, Counts]] = defaultdict(dict)
    those = and_(released_day.c.location_id.in_(numbers), released_day.c.label == ELSEWHERE)
    for series, spot, counts in _spots(select(released_day).where(those), tx) if numbers else ():
        found[series][spot.day] = counts
    return found


def _write(tx: Connection, changes: Mapping[Series, atoms.Change]) -> None:
    released = [
        (series.place, spot.day, series.question, series.choice, spot.label, sum(counts), *counts)
        for series, change in changes.items()
        for spot, counts in change.released.items()
    ]
    add_counts(tx, released_day, sorted(released))
    shown = [
        (*series, day, sum(label.counts), *label.counts, label.parts, label.taken, label.parted)
        for series, change in changes.items()
        for day, label in change.shown.items()
    ]
    put(tx, shown_day, sorted(shown))


Carried = Mapping[tuple[Series, int, int, int], Sequence[int]]
"""By what counts, its new day, and the place and day where it counted before: how often each value was given."""


def carried(tx: Connection, moves: Carried) -> None:
    """Answers that counted on another day or at another place may have been shown there: they are not shown again."""
    if not moves:
        return
    lock(tx, shared=True)
    found: dict[tuple[Any, ...], Counts] = defaultdict(lambda: NOTHING)
    for (series, day, place, before), counts in sorted(moves.items()):
        those = released_day.c
        query = select(*(func.coalesce(func.sum(those[value]), 0) for value in VALUES)).where(
            those.location_id == place, those.day == before, those.question == series.question,
            those.choice == series.choice,
        )  # fmt: skip
        were = tuple(map(int, tx.execute(query).one()))
        again = tuple(min(max(a, 0), b) for a, b in zip(counts, were, strict=True))
        if any(again):
            key = (series.place, day, series.question, series.choice, ELSEWHERE)
            found[key] = atoms.plus(found[key], again)
    add_counts(tx, released_day, [(*key, sum(counts), *counts) for key, counts in sorted(found.items())])


def problem(tx: Connection) -> str | None:
    """Where what is shown contradicts what was released, as a sentence; None when nowhere."""
    released: dict[tuple[Series, int], Counts] = defaultdict(lambda: NOTHING)
    for series, spot, counts in _spots(select(released_day).where(released_day.c.label != ELSEWHERE), tx):
        released[series, spot.label] = atoms.plus(released[series, spot.label], counts)
    shown = {(series, day): label for series, days in _labels(tx.execute(select(shown_day))).items()
             for day, label in days.items()}  # fmt: skip
    for key in sorted(released.keys() | shown.keys()):
        whole, label = released.get(key, NOTHING), shown.get(key, Label())
        if atoms.less(label.counts, whole) != NOTHING or sum(whole) - sum(label.counts) != label.taken:
            return f"shown_day {key} says {label}, {whole} were released."
        if 0 < sum(label.counts) < FEW or sum(whole) < FEW * label.parts:
            return f"shown_day {key} shows {label}, fewer than may be."
    return None
