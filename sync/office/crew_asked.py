"""Of a crew's jobs, who was asked and who was not; and what a team may be proud of. Only upwards: a streak that ended
is not spoken of, nor is anybody beside anybody else."""

import msgspec
from sqlalchemy import Connection, func, select

from sync.models import tallies_day
from sync.office import asked, counts, crew_briefing_words, job_words
from sync.office.asked import Asked
from sync.office.briefing import Block, Line
from sync.office.crew_scores import SPAN, Standing
from sync.office.places import Location
from sync.scores import weekday

LOOKED_AT = 26
"""Weeks that a streak is looked for in."""
STREAK = 2
"""Weeks in a row from which on they are one."""


def block(tx: Connection, place: Location, day: int) -> Block:
    """Yesterday's jobs and those of four weeks."""
    days = _by_day(tx, place, day - SPAN, day - 1, day)
    yesterday, whole = days.get(day - 1, Asked()), asked.together(days.values())
    missing = asked.not_asked(tx, place.id, day - 1) if yesterday.done else []
    lines = [Line(text) for text in crew_briefing_words.asked(yesterday, whole, missing)]
    if yesterday.done:
        lines[0] = msgspec.structs.replace(lines[0], note=job_words.came(yesterday))
    return Block("asked", crew_briefing_words.asked_title(), tuple(lines))


def recognition(tx: Connection, place: Location, told: Standing, day: int) -> Block:
    """Weeks in a row with every job asked, and the best four weeks so far."""
    weeks = streak(tx, place, day) if place.kind == "crew" else 0
    said = [crew_briefing_words.streak(weeks)] if weeks >= STREAK else []
    if told.is_record:
        said.append(crew_briefing_words.record())
    lines = tuple(Line(text) for text in said)
    return Block("proud", crew_briefing_words.proud_title(), lines, crew_briefing_words.proud_rule())


def streak(tx: Connection, place: Location, day: int) -> int:
    """Whole weeks, from Monday on, before this day, in each of which there were jobs and every one was asked; weeks
    without jobs neither count nor end it."""
    monday = day - weekday(day)
    first = monday - 7 * LOOKED_AT
    days = _by_day(tx, place, first, monday - 1, day)
    found = 0
    for start in range(monday - 7, first - 1, -7):
        week = asked.together(each for on, each in days.items() if start <= on < start + 7)
        if week.asked < week.done:
            break
        found += week.done > 0
    return found


def _by_day(tx: Connection, place: Location, first: int, last: int, today: int) -> dict[int, Asked]:
    return asked.by_day(tx, (place.path,), first, last, {place.id: today}).get(place.id, {})


def answers(tx: Connection, place: int, day: int) -> int:
    """How many gave an answer on that day, flagged or not: no more than a number."""
    firsts = [name for name, each in counts.scored(tx).items() if each.is_first]
    table = tallies_day.c
    query = select(func.coalesce(func.sum(table.n), 0)).where(
        table.location_id == place, table.day == day, table.choice == "", table.question.in_(firsts)
    )
    return int(tx.execute(query).scalar_one())
