"""Every place beside the others: what yesterday was like, and the last four weeks of each."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from sync.db import Database
from sync.intake import sums
from sync.office import changes, counts, delivery, falling, local_time, order, places, wide, wide_delivery
from sync.office.changes import WEEK, Fall
from sync.office.counts import PERIOD, Days, Figure
from sync.office.delivery import Delivery
from sync.office.lines import Day, Line, Overview, Section, Yesterday, Youth
from sync.office.people import User
from sync.office.places import Location
from sync.survey import Scale

MOST_LINES = 100
"""Places on one page; where there are more, groups are summed up and places come page by page (sync.office.wide)."""


class _Reading(NamedTuple):
    """What was read once, for all lines: `days` and `today` by the number of a place."""

    scale: Scale
    days: dict[int, Days]
    today: dict[int, int]
    deliveries: dict[int, Delivery]
    singles: bool


def overview(
    tx: Connection, user: User, now_ms: int, *, top: Location | None = None, question: str | None = None, page: int = 1
) -> Overview:
    """What this person may see, or of it what is at and below `top`, which has to be within their scope. `question`
    names the one to score; the most answered one when it is None or nobody answered it."""
    paths = (top.path,) if top else user.rights.roots()
    singles = user.rights.may_all("responses", paths)
    if wide.is_wide(tx, paths, MOST_LINES):
        return wide.overview(tx, wide.scope(tx, paths, singles), now_ms, question=question, page=page)
    return _whole_tree(tx, paths, singles, now_ms, top=top, question=question)


def prepare(db: Database, user: User, now_ms: int, *, top: Location | None = None, question: str | None = None) -> None:
    """Bring up to date what an overview is read from. Writes only where something is missing."""
    sums.fold(db)
    paths = (top.path,) if top else user.rights.roots()
    singles = user.rights.may_all("responses", paths)
    with db.reading() as tx:
        if not wide.is_wide(tx, paths, MOST_LINES):
            return
        asked = wide.asked(tx, wide.scope(tx, paths, singles), now_ms, question)
    wide_delivery.refresh(db, paths, now_ms)
    falling.refresh(db, paths, asked, now_ms, singles=singles)


def _whole_tree(
    tx: Connection,
    paths: Sequence[str],
    singles: bool,
    now_ms: int,
    *,
    top: Location | None,
    question: str | None,
) -> Overview:
    """Of places that all stand on one page."""
    tree = places.visible(tx, paths)
    shown_top = top or next((node for node in tree if paths == (node.path,)), None)
    today = {node.id: local_time.day_of(now_ms, node.zone) for node in tree}
    last = max(today.values(), default=local_time.day_of(now_ms, places.DEFAULT_ZONE))
    asked = counts.questions(tx, paths, last - counts.LOADED, last)
    chosen = next((each for each in asked if each.id == question), asked[0])
    reading = _Reading(
        chosen.scale,
        counts.by_day(tx, paths, chosen, last - counts.LOADED, last, singles=singles),
        today,
        delivery.deliveries(tx, paths, {node.id: node for node in tree}, now_ms),
        singles,
    )
    leaves = [node for node in tree if counts.is_place(node)]
    return Overview(
        top=shown_top,
        question=chosen,
        questions=tuple(asked),
        whole=_whole(reading, shown_top, leaves),
        yesterday=_yesterday(reading, leaves, last),
        falls=_falls(reading, [leaf for leaf in leaves if leaf != shown_top]),
        youth=_youth(reading, delivery.first_placed(tx, paths), last),
        agreed=delivery.agreed(((leaf, reading.deliveries.get(leaf.id, Delivery())) for leaf in leaves), now_ms),
        sections=_sections(reading, tree, leaves, shown_top),
        places=len(leaves),
        version=delivery.version(tx, now_ms),
    )


def _whole(reading: _Reading, top: Location | None, leaves: Sequence[Location]) -> Line | None:
    if top is None:
        return None
    return _line(reading, top) if leaves == [top] else _sum(reading, top, leaves)


def _sections(
    reading: _Reading, tree: Sequence[Location], leaves: Sequence[Location], top: Location | None
) -> tuple[Section, ...]:
    groups = {node.id: node for node in tree if not counts.is_place(node)}
    at_home: dict[int | None, list[Location]] = {home: [] for home in [*order.in_order(groups), None]}
    for leaf in leaves:
        at_home[order.home(leaf, groups)].append(leaf)
    sections = []
    for home, direct in at_home.items():
        group = groups[home] if home is not None and (top is None or home != top.id) else None
        below = [leaf for leaf in leaves if group and leaf.path.startswith(group.path)]
        lines = tuple(_line(reading, leaf) for leaf in order.by_name(direct))
        if group or lines:
            sections.append(Section(_sum(reading, group, below) if group else None, lines, is_empty=not below))
    return tuple(sections)


def _line(reading: _Reading, place: Location) -> Line:
    today = reading.today[place.id]
    days = reading.days.get(place.id, Days())
    figures = tuple(
        Day(day, counts.total(reading.scale, days.counts, day, day)) for day in range(today - PERIOD + 1, today + 1)
    )
    aside = sum(n for day, n in days.aside.items() if today - PERIOD < day <= today)
    return _counted(reading, place, figures, figures[-1].figure.n, aside, [place], singles=True)


def _sum(reading: _Reading, group: Location, members: Sequence[Location]) -> Line:
    """A group's line: every member over its own local days."""
    lines = [_line(reading, leaf) for leaf in members]
    last = max((line.days[-1].day for line in lines), default=reading.today[group.id])
    histograms: dict[int, list[Figure]] = {day: [] for day in range(last - PERIOD + 1, last + 1)}
    for line in lines:
        for day, figure in line.days:
            histograms.setdefault(day, []).append(figure)
    days = tuple(
        Day(day, counts.together(reading.scale, (each.counts for each in some), singles=reading.singles))
        for day, some in sorted(histograms.items())[-PERIOD:]
    )
    return _counted(
        reading,
        group,
        days,
        sum(line.today for line in lines),
        sum(line.aside for line in lines),
        members,
        singles=reading.singles,
    )


def _counted(
    reading: _Reading,
    place: Location,
    days: tuple[Day, ...],
    today: int,
    aside: int,
    members: Sequence[Location],
    *,
    singles: bool,
) -> Line:
    def between(back: int, until: int) -> Figure:
        """The members' own days from `back` days ago to `until` days ago."""
        own = (
            counts.total(reading.scale, found.counts, now - back, now - until).counts
            for found, now in ((reading.days.get(leaf.id, Days()), reading.today[leaf.id]) for leaf in members)
        )
        return counts.together(reading.scale, own, singles=singles)

    return Line(
        place=place,
        figure=between(PERIOD - 1, 0),
        days=days,
        today=today,
        aside=aside,
        before=between(PERIOD - 1, WEEK),
        since=between(WEEK - 1, 0),
        delivery=delivery.together(reading.deliveries[leaf.id] for leaf in members if leaf.id in reading.deliveries),
    )


def _falls(reading: _Reading, leaves: Sequence[Location]) -> tuple[Fall, ...]:
    """Of the places of which it is certain that the answers were given there."""
    sure = [leaf for leaf in leaves if not reading.deliveries.get(leaf.id, Delivery()).uncertain]

    def days(leaf: Location) -> Days:
        return reading.days.get(leaf.id, Days())

    return changes.falls(reading.scale, sure, days, lambda leaf: reading.today[leaf.id])


def _youth(reading: _Reading, placed_ms: int | None, last: int) -> Youth | None:
    if placed_ms is not None and local_time.day_of(placed_ms, places.DEFAULT_ZONE) <= last - PERIOD:
        return None
    answered = [(day, reading.today[place]) for place, found in reading.days.items() for day in found.counts]
    return Youth(min((day for day, _ in answered), default=None), all(day >= today for day, today in answered))


def _yesterday(reading: _Reading, leaves: Sequence[Location], last: int) -> Yesterday:
    """Each place's own yesterday; the day is named after where most of them are."""

    def back(*days: int) -> Figure:
        own = (
            counts.total(reading.scale, found.counts, now - ago, now - ago).counts
            for found, now in ((reading.days.get(leaf.id, Days()), reading.today[leaf.id]) for leaf in leaves)
            for ago in days
        )
        return counts.together(reading.scale, own, singles=reading.singles or len(leaves) == 1)

    named = Counter(reading.today[leaf.id] for leaf in leaves).most_common(1)
    day = (named[0][0] if named else last) - 1
    return Yesterday(day, back(1), back(*(1 + WEEK * weeks for weeks in range(1, 5))))
