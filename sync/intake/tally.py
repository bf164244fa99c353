"""Tallies: what a response adds, adding it, and the proof that they equal a recount of the raw responses."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, exists, or_, select

from sync import models, wire
from sync.intake import clocks, crew_sums, flags, releasing, shown, sums
from sync.intake.releasing import Series
from sync.office import places, surveys, zones
from sync.rows import add_counts
from sync.survey import Survey

DAY, HOUR = models.tallies_day, models.tallies_hour
WIDTH = 1 + len(models.VALUES)
"""n and one count per value."""


class Key(NamedTuple):
    """One row of a tally; `bucket` is a day or an hour."""

    location: int
    question: str
    choice: str
    bucket: int
    touchpoint: int
    lang: str
    aside: bool


class Counted(NamedTuple):
    """Where, when and in which language a response counts. `hour` None: never in hourly views."""

    location: int
    touchpoint: int
    day: int
    hour: int | None
    lang: str
    aside: bool


class Tallies:
    """Changes to tallies, gathered before they are written in one go."""

    def __init__(self) -> None:
        self.days: dict[Key, list[int]] = {}
        self.hours: dict[Key, list[int]] = {}
        self.carried: dict[tuple[Series, int, int, int], list[int]] = {}

    def move(self, where: Counted, survey: Survey, answers: Mapping[str, Any], by: int) -> None:
        """Add (by 1) or take away (by -1) what these answers count. For a reason the columns count the first
        answers of those who chose it; reasons have days only."""
        location, touchpoint, day, hour, lang, aside = where
        for question, choice, value in _counts(survey, answers):
            _add(self.days, Key(location, question, choice, day, touchpoint, lang, aside), value, by)
            if hour is not None and not choice:
                _add(self.hours, Key(location, question, choice, hour, touchpoint, lang, aside), value, by)

    def carry(
        self, before: Counted, after: Counted, survey: Survey, answers: Mapping[str, Any], former: Mapping[str, Any]
    ) -> None:
        """What these answers counted before on another day or at another place, in so far as it is the same now, may
        have been shown there."""
        if (before.location, before.day) == (after.location, after.day):
            return
        for question, choice, value in set(_counts(survey, answers)) & set(_counts(survey, former)):
            key = (Series(after.location, question, choice), after.day, before.location, before.day)
            self.carried.setdefault(key, [0] * len(models.VALUES))[value] += 1

    def write(self, tx: Connection) -> None:
        """Add the changes to the tables, in the order of their keys: two batches then never wait in a circle."""
        for table, counts in ((DAY, self.days), (HOUR, self.hours)):
            rows = [(*key, *counts[key]) for key in sorted(counts) if any(counts[key])]
            add_counts(tx, table, rows)
        releasing.carried(tx, self.carried)
        if self.carried:
            crew_sums.carried(tx, self.carried)
        sums.mark(tx, {(key.location, key.bucket) for key, counts in self.days.items() if any(counts)})


def _add(counts: dict[Key, list[int]], key: Key, value: int, by: int) -> None:
    row = counts.get(key)
    if row is None:
        row = counts[key] = [0] * WIDTH
    row[0] += by
    row[1 + value] += by


def _counts(survey: Survey, answers: Mapping[str, Any]) -> Iterator[tuple[str, str, int]]:
    """(question, choice, value) of everything in the answers that is counted."""
    first = survey.first_answer(answers)
    for name, answer in answers.items():
        if isinstance(answer, int):
            yield name, "", answer
        elif isinstance(answer, list) and first:
            for choice in answer:
                yield name, choice, first[1]


class Difference(Exception):
    """The first place where the tables contradict each other, as a sentence."""


def recount(tx: Connection) -> Tallies:
    """Count every response anew from its raw body. Raises Difference when a row contradicts itself or its receipt."""
    tallies, asked = Tallies(), _cached_surveys(tx)
    told = {place.id: place.zone for place in places.locations(tx)}
    former = zones.former(tx)
    responses, receipts = models.responses, models.receipts
    query = (
        select(responses, receipts.c.sha)
        .outerjoin(receipts, (receipts.c.id == responses.c.id) & (receipts.c.rev == responses.c.rev))
        .order_by(responses.c.id)
        .execution_options(yield_per=1000)
    )
    for row in tx.execute(query):
        entry = _entry(row)
        zone = told.get(row.location_id, zones.DEFAULT_ZONE)  # a row that was tampered with may name no place
        _check(row, entry, zones.at(zone, former.get(row.location_id, ()), row.captured_ms))
        if not row.test:
            where = Counted(row.location_id, row.touchpoint_id, row.day, row.hour, row.lang, row.aside)
            tallies.move(where, asked(row.survey, row.version), entry["answers"], 1)
    return tallies


def _entry(row: Any) -> dict[str, Any]:
    try:
        return wire.read_entry(row.body.encode())
    except wire.Unreadable:
        raise Difference(f"response {row.id} revision {row.rev} can no longer be read.") from None


def _check(row: Any, entry: Mapping[str, Any], zone: str) -> None:
    if row.sha is None or row.sha != entry["sha"] or (entry["id"], entry["rev"]) != (row.id, row.rev):
        raise Difference(f"response {row.id} revision {row.rev} has no receipt that fits it.")
    if not wire.is_intact(entry):
        raise Difference(f"response {row.id} revision {row.rev} is no longer what was received: its hash differs.")
    if row.aside != (not flags.ASIDE.isdisjoint(row.flags.split(","))):
        raise Difference(f"response {row.id} is set aside, or counted, against what its flags say.")
    if row.commented != any(isinstance(answer, str) and answer.strip() for answer in entry["answers"].values()):
        raise Difference(f"response {row.id} hides its comment, or claims one.")
    there = clocks.local(row.captured_ms, zone)
    hour = clocks.hour_of(clocks.Captured(row.captured_ms, row.quality, row.error_ms), there)
    if (there.day, hour) != (row.day, row.hour):
        raise Difference(f"response {row.id} counts on another day or hour than it was captured.")


def _cached_surveys(tx: Connection) -> Callable[[str, int], Survey]:
    known: dict[tuple[str, int], Survey] = {}

    def asked(name: str, version: int) -> Survey:
        if (name, version) not in known:
            found = surveys.published(tx, name, version)
            if found is None:
                raise Difference(f"the survey {name} version {version} is not there, though it was answered.")
            known[name, version] = found
        return known[name, version]

    return asked


def verify(tx: Connection) -> str | None:
    """Recount everything; the first difference as a sentence, or None when there is none."""
    try:
        fresh = recount(tx)
        _compare(tx, DAY, fresh.days)
        _compare(tx, HOUR, fresh.hours)
        _compare_sums(tx)
        _compare_shown(tx)
        _compare_released(tx)
        _compare_streams(tx)
        _find_lost(tx)
    except Difference as difference:
        return str(difference)
    return None


def _compare(tx: Connection, table: Any, fresh: Mapping[Key, list[int]]) -> None:
    kept = {Key(*row[:7]): list(row[7:]) for row in tx.execute(select(table))}
    nothing = [0] * WIDTH
    for key in sorted(fresh.keys() | kept.keys()):
        counted, told = fresh.get(key, nothing), kept.get(key, nothing)
        if counted != told:
            raise Difference(f"{table.name} {tuple(key)} says {told}, the responses say {counted}.")


def _compare_sums(tx: Connection) -> None:
    """Those of which nothing waits to be summed up again, against what lies below."""
    kept = {tuple(row[:8]): list(row[8:]) for row in tx.execute(select(models.sums_day))}
    fresh, waiting = sums.recount(tx), sums.waiting(tx)
    for key in sorted(fresh.keys() | kept.keys()):
        if not waiting & {(key[0], None), (key[0], key[3])} and fresh.get(key) != kept.get(key):
            raise Difference(f"sums_day {key} says {kept.get(key)}, the places say {fresh.get(key)}.")


def _compare_shown(tx: Connection) -> None:
    """What was first shown of each day, and what was recorded since, against what is counted."""
    for row in shown.contradictions(tx, 1):
        key, beside = tuple(row[:3]), list(map(int, row[3:]))
        raise Difference(f"mornings {key}: {beside} is counted beside what was first shown and recorded since.")


def _compare_released(tx: Connection) -> None:
    """What is shown to whoever may not see single answers, against what was released."""
    found = releasing.problem(tx)
    if found is not None:
        raise Difference(found)


def _compare_streams(tx: Connection) -> None:
    receipts, streams = models.receipts, models.streams
    counted: dict[str, int] = {}
    for (stream,) in tx.execute(select(receipts.c.stream).execution_options(yield_per=5000)):
        counted[stream] = counted.get(stream, 0) + 1
    kept = {row.stream: row.n for row in tx.execute(select(streams.c.stream, streams.c.n))}
    for stream in sorted(counted.keys() | kept.keys()):
        if counted.get(stream, 0) != kept.get(stream, 0):
            raise Difference(
                f"stream {stream} says {kept.get(stream, 0)} receipts, there are {counted.get(stream, 0)}."
            )


def _find_lost(tx: Connection) -> None:
    """Every receipt has what it stands for: a response, a way to reach a customer, a handover, or what is
    kept apart."""
    kept = (models.responses, models.contacts, models.handovers)
    for verdict, tables in (("stored", kept), ("erased", kept), ("quarantined", (models.quarantine,))):
        held = or_(*(exists().where(table.c.id == models.receipts.c.id) for table in tables))
        query = select(models.receipts.c.id).where(models.receipts.c.verdict == verdict, ~held).limit(1)
        lost = tx.execute(query).scalar()
        if lost is not None:
            raise Difference(f"entry {lost} has a receipt that says {verdict!r}, but it is not there any more.")


def rebuild(tx: Connection, now_ms: int) -> int:
    """Throw the tallies away and count everything anew; returns the number of rows. What that changes of days that were
    shown goes on record. Raises Difference.

    On PostgreSQL batches that are being stored wait at the tallies, and add to the new ones what they bring."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(f"LOCK TABLE {DAY.name}, {HOUR.name} IN EXCLUSIVE MODE")
    fresh = recount(tx)
    for table in (DAY, HOUR):
        tx.execute(delete(table))
    tx.execute(delete(models.sums_day))
    fresh.write(tx)
    sums.mark_all(tx)
    shown.mend(tx, now_ms)
    return len(fresh.days) + len(fresh.hours)
