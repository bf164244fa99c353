"""What machines read: the places of their part of the tree, and the scores of each. As little of single answers as
somebody sees who may not read them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, func, select

from sync.db import Database
from sync.intake import crew_sums, sums
from sync.models import devices, locations, placements, screens, shown_day, touchpoints
from sync.office import counts, crew_together, local_time, surveys, zones
from sync.office.counts import Figure, Question
from sync.office.crew_sight import answered
from sync.office.places import below
from sync.office.rights import Rights

PAGE, LARGEST_PAGE = 100, 500
LONGEST = 400
"""Days that one question about a score may span."""


class Unanswerable(ValueError):
    """It cannot be answered as it was asked; the message is a sentence, `code` one for programs."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


@dataclass(frozen=True)
class Span:
    """Local days of a place, both included."""

    first: int
    last: int


def prepare(db: Database, now_ms: int) -> None:
    """Bring up to date what scores are read from."""
    sums.fold(db, now_ms)
    crew_sums.release(db, now_ms)


def places(tx: Connection, rights: Rights, after: int, most: int) -> tuple[list[dict[str, Any]], int | None]:
    """The places with a number above `after`, at most `most` of them, by number; and after which to go on, None at the
    end. What is above the topmost of them is not named."""
    roots = rights.roots()
    table = locations
    query = select(table).where(below(roots), table.c.id > after).order_by(table.c.id).limit(most + 1)
    rows = tx.execute(query).all()
    held = _zones(tx, [row.path for row in rows[:most]])
    found = [
        {
            "id": row.id,
            "parent": row.parent_id if _parent_path(row.path).startswith(roots) else None,
            "kind": row.kind,
            "name": row.name,
            "ref": row.ref,
            "zone": held[row.path],
            "opened": _iso(row.opened_day),
            "closed": _iso(row.closed_day),
        }
        for row in rows[:most]
    ]
    return found, rows[most - 1].id if len(rows) > most else None


def span(zone: str, now_ms: int, first: str | None, last: str | None) -> Span:
    """The days that were asked for, "2026-11-01" each; without them the last four weeks, today included. Raises
    Unanswerable."""
    end = _day("to", last) if last else local_time.day_of(now_ms, zone)
    start = _day("from", first) if first else end - counts.PERIOD + 1
    if not 0 <= end - start < LONGEST:
        raise Unanswerable("bad_range", f"`from` comes before `to`, and at most {LONGEST} days lie between them.")
    return Span(start, end)


def score(
    tx: Connection, number: int, now_ms: int, question: str | None, first: str | None, last: str | None
) -> dict[str, Any]:
    """What a place, or all places of a group together, was answered in these days; without a score where there are too
    few answers to be shown. Raises Unanswerable."""
    place = tx.execute(select(locations).where(locations.c.id == number)).one()
    zone = _zones(tx, [place.path])[place.path]
    days = span(zone, now_ms, first, last)
    asked = _asked(tx, (place.path,), question, days)
    complete = _complete_ms(tx, place.path)
    return {
        "place": {"id": place.id, "name": place.name, "zone": zone},
        **told(_figure(tx, place.path, asked, days), asked, days),
        "complete_through": None if complete is None else moment(complete),
        "crews_together": crew_together.together(tx, (place.path,), now_ms).as_json(),
    }


def told(figure: Figure, asked: Question, days: Span) -> dict[str, Any]:
    """A score with its interval and what it rests on; None where too few answered."""
    found = figure.score
    return {
        "question": {"id": asked.id, "scale": asked.scale_name},
        "from": _iso(days.first),
        "to": _iso(days.last),
        "score": None if found is None else round(float(found.value), 4),
        "interval": None if found is None else {"low": round(found.low, 4), "high": round(found.high, 4)},
        "n": None if found is None else found.n,
        "early": figure.showing == "early",
    }


def question(tx: Connection, paths: Sequence[str], wanted: str | None, days: Span) -> Question:
    """The question with this id, or the one that was answered most there. Raises Unanswerable."""
    if wanted is None:
        return counts.questions(tx, paths, days.first, days.last)[0]
    known = surveys.questions(tx).get(wanted)
    if known is None or not known.scale:
        raise Unanswerable("unknown_question", "No question on a scale has this id.")
    return Question(wanted, known.scale, known.texts)


_asked = question  # beside parameters of that name


def _figure(tx: Connection, path: str, question: Question, days: Span) -> Figure:
    """The sum of what was released (sync.intake.releasing), without crews: no two sums tell a few answers."""
    table = shown_day
    query = (
        select(*(func.coalesce(func.sum(column), 0) for column in counts.value_columns(question.scale, table)))
        .join(locations, locations.c.id == table.c.location_id)
        .where(answered((path,)), table.c.day.between(days.first, days.last))
        .where(table.c.question == question.id, table.c.choice == "")
    )
    row = tx.execute(query).one()
    return Figure(question.scale, tuple(int(n) for n in row))


def _complete_ms(tx: Connection, path: str) -> int | None:
    """Through when everything captured at and below this path is here; None when that is not known of every screen that
    stands there and was enrolled, or there is none."""
    query = (
        select(func.count(), func.count(devices.c.complete_ms), func.min(devices.c.complete_ms))
        .select_from(placements)
        .join(touchpoints, touchpoints.c.id == placements.c.touchpoint_id)
        .join(locations, locations.c.id == touchpoints.c.location_id)
        .join(screens, screens.c.id == placements.c.screen_id)
        .join(devices, devices.c.id == screens.c.device_id)
        .where(placements.c.to_ms.is_(None), below((path,)))
    )
    every, known, earliest = tx.execute(query).one()
    return int(earliest) if every and every == known else None


def _zones(tx: Connection, paths: Sequence[str]) -> dict[str, str]:
    """The time zone that holds at each of these, inherited from above."""
    chains = {path: _numbers(path) for path in paths}
    wanted = {number for chain in chains.values() for number in chain}
    query = select(locations.c.id, locations.c.zone).where(locations.c.id.in_(wanted), locations.c.zone.is_not(None))
    own = {row.id: row.zone for row in tx.execute(query)}
    return {path: _nearest(reversed(chain), own) for path, chain in chains.items()}


def _nearest(upwards: Iterable[int], own: dict[int, str]) -> str:
    return next((own[number] for number in upwards if number in own), zones.DEFAULT_ZONE)


def _numbers(path: str) -> list[int]:
    return [int(part) for part in path.split("/") if part]


def _parent_path(path: str) -> str:
    above = path.rstrip("/").rpartition("/")[0]
    return f"{above}/"


def _day(name: str, text: str) -> int:
    try:
        return local_time.day_number(date.fromisoformat(text))
    except ValueError:
        raise Unanswerable("bad_date", f"`{name}` is a day such as 2026-11-21.") from None


def _iso(day: int | None) -> str | None:
    return None if day is None else local_time.date_of(day).isoformat()


def moment(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
