"""Every place beside the others: what yesterday was like, and the last four weeks of each; or what was asked for."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from sqlalchemy import Connection

from sync.db import Database
from sync.intake import sums
from sync.office import (
    attention,
    counts,
    crew_sight,
    delivery,
    falling,
    lines,
    local_time,
    mornings,
    order,
    places,
    watch,
    wide,
    wide_delivery,
)
from sync.office import windows as calendar
from sync.office.attention import Attention
from sync.office.counts import PERIOD, Days, Figure, Question
from sync.office.delivery import Delivery
from sync.office.filters import Filters
from sync.office.lines import Day, Line, Overview, Section, Total, Yesterday, Youth
from sync.office.people import User
from sync.office.places import Location
from sync.office.standing import Standing, standing, yesterday
from sync.office.wanted import Wanted
from sync.office.windows import WEEK, Window
from sync.survey import Scale

MOST_LINES = 100
"""Places on one page; where there are more, groups are summed up and places come page by page (sync.office.wide)."""


class _Reading(NamedTuple):
    """What was read once, for all lines: `days` and `windows` by the number of a place."""

    scale: Scale
    days: dict[int, Days]
    today: dict[int, int]
    windows: dict[int, Window]
    deliveries: dict[int, Delivery]
    singles: bool
    lines: dict[int, Line]
    """Of places, as they are made: those of groups are made of them."""


def overview(
    tx: Connection,
    user: User,
    now_ms: int,
    *,
    top: Location | None = None,
    question: str | None = None,
    page: int = 1,
    wanted: Wanted | None = None,
) -> Overview:
    """What this person may see, or of it what is at and below `top`, which has to be within their scope. What is
    `wanted` of it, if anything was asked for beside a `question` and a `page`. The question names the one to score; the
    most answered one when it is None or nobody answered it. Who may not see single answers is shown whole periods
    alone: Overview.refused says that more was asked for."""
    paths = (user.rights.reach(top.path),) if top else user.rights.roots()
    singles = user.rights.sees_singles(paths)
    told = wanted or _plainly(top, question, page)
    allowed = told if singles else replace(told, filters=told.filters.only_shown())
    if wide.is_wide(tx, paths, MOST_LINES):
        found = wide.overview(tx, wide.scope(tx, paths, singles), now_ms, allowed)
    else:
        found = _whole_tree(tx, paths, singles, now_ms, allowed, top=top)
    if allowed.filters.question not in (None, found.question.id):  # nobody answered it
        allowed = replace(allowed, filters=replace(allowed.filters, question=None))
    refused = allowed.filters.narrowed != told.filters.narrowed
    found = replace(found, singles=singles, refused=refused, wanted=allowed)
    return replace(found, standing=_standing(tx, found, paths, now_ms)) if found.places else found


def _standing(tx: Connection, view: Overview, paths: Sequence[str], now_ms: int) -> Standing:
    """Of the figure in the sentence that the page begins with."""
    filters = view.wanted.filters
    figure, days = (view.yesterday.figure, yesterday) if view.wanted.is_plain else (view.total.figure, filters.days)
    return standing(
        tx, figure, paths, view.question, days, now_ms,
        zone=view.zone, singles=view.singles, narrowed=not filters.narrowed.is_wide,
    )  # fmt: skip


def _plainly(top: Location | None, question: str | None, page: int) -> Wanted:
    return Wanted(Filters(question=question), page=page, path=f"/locations/{top.id}" if top else "/")


def prepare(db: Database, user: User, now_ms: int, *, top: Location | None = None, question: str | None = None) -> None:
    """Bring up to date what an overview is read from. Writes only where something is missing."""
    paths = (user.rights.reach(top.path),) if top else user.rights.roots()
    singles = user.rights.sees_singles(paths)
    with db.reading() as tx:
        is_wide = wide.is_wide(tx, paths, MOST_LINES)
    if is_wide or not singles:  # else the places' own counts are read, and nobody waits for sums
        sums.fold(db, now_ms)
    mornings.keep(db, paths, now_ms, lambda: sums.fold(db, now_ms))
    watch.look(db, now_ms)
    if not is_wide:
        return
    with db.reading() as tx:
        asked = wide.asked(tx, wide.scope(tx, paths, singles), now_ms, question)
    wide_delivery.refresh(db, paths, now_ms)
    falling.refresh(db, paths, asked, now_ms, singles=singles)


def _whole_tree(
    tx: Connection, paths: Sequence[str], singles: bool, now_ms: int, wanted: Wanted, *, top: Location | None
) -> Overview:
    """Of places that all stand on one page."""
    tree = crew_sight.visible(tx, paths, every := places.visible(tx, paths))
    shown_top = top or next((node for node in tree if paths == (node.path,)), None)
    leaves = [node for node in tree if counts.is_place(node)]
    today = {node.id: local_time.day_of(now_ms, node.zone) for node in tree}
    last = max(today.values(), default=local_time.day_of(now_ms, places.DEFAULT_ZONE))
    asked = counts.questions(tx, paths, last - counts.LOADED, last)
    chosen = next((each for each in asked if each.id == wanted.filters.question), asked[0])
    windows = {number: calendar.window(wanted.filters, day) for number, day in today.items()}
    first = min((each.before for each in windows.values()), default=last)
    first = min(first, attention.first_day(last) - 1) if wanted.is_plain else first
    reading = _Reading(
        chosen.scale,
        counts.by_day(tx, paths, chosen, first, last, singles=singles, narrowed=wanted.filters.narrowed),
        today,
        windows,
        delivery.deliveries(tx, paths, {node.id: node for node in tree}, now_ms),
        singles,
        {},
    )
    return Overview(
        top=shown_top,
        question=chosen,
        questions=tuple(asked),
        whole=_whole(reading, shown_top, leaves),
        yesterday=_yesterday(reading, leaves, last),
        attention=_attention(tx, paths, chosen, reading, leaves, now_ms) if wanted.is_plain else attention.NOTHING,
        youth=_youth(reading, delivery.first_placed(tx, paths), last) if wanted.is_plain else None,
        agreed=delivery.agreed(((leaf, reading.deliveries.get(leaf.id, Delivery())) for leaf in leaves), now_ms),
        sections=_sections(reading, crew_sight.told(paths, every), leaves, shown_top, wanted),
        places=len(leaves),
        version=delivery.version(tx, now_ms),
        total=_total(reading, leaves),
        window=_usual_window(reading, leaves, wanted, last),
        wanted=wanted,
    )


def _usual_window(reading: _Reading, leaves: Sequence[Location], wanted: Wanted, last: int) -> Window:
    """The days where most of the places are."""
    named = Counter(reading.windows[leaf.id] for leaf in leaves).most_common(1)
    return named[0][0] if named else calendar.window(wanted.filters, last)


def _whole(reading: _Reading, top: Location | None, leaves: Sequence[Location]) -> Line | None:
    if top is None:
        return None
    return _line(reading, top) if leaves == [top] else _sum(reading, top, leaves)


def _sections(
    reading: _Reading, tree: Sequence[Location], leaves: Sequence[Location], top: Location | None, wanted: Wanted
) -> tuple[Section, ...]:
    groups = {node.id: node for node in tree if not counts.is_place(node)}
    if wanted.sort.by != "name":
        every = [replace(_line(reading, leaf), above=order.above(leaf, groups)) for leaf in leaves]
        return (Section(None, tuple(lines.in_order(every, wanted.sort))),)
    at_home: dict[int | None, list[Location]] = {home: [] for home in [*order.in_order(groups), None]}
    for leaf in leaves:
        at_home[order.home(leaf, groups)].append(leaf)
    sections = []
    for home, direct in at_home.items():
        group = groups[home] if home is not None and (top is None or home != top.id) else None
        below = [leaf for leaf in leaves if group and leaf.path.startswith(group.path)]
        own = tuple(_line(reading, leaf) for leaf in order.by_name(direct))
        if group or own:
            sections.append(Section(_sum(reading, group, below) if group else None, own, is_empty=not below))
    return tuple(sections)


def _line(reading: _Reading, place: Location) -> Line:
    if place.id not in reading.lines:
        reading.lines[place.id] = _made(reading, place)
    return reading.lines[place.id]


def _made(reading: _Reading, place: Location) -> Line:
    days, window = reading.days.get(place.id, Days()), reading.windows[place.id]
    points = tuple(Day(first, counts.total(reading.scale, days.counts, first, end)) for first, end in window.parts())
    aside = sum(n for day, n in days.aside.items() if window.first <= day <= window.last)
    today = reading.today[place.id]
    return _counted(reading, place, points, days.given(today), aside, [place], singles=True)


def _sum(reading: _Reading, group: Location, members: Sequence[Location]) -> Line:
    """A group's line: every member over its own local days."""
    each = [_line(reading, leaf) for leaf in members]
    last = max((reading.windows[leaf.id] for leaf in members), default=reading.windows[group.id])
    histograms: dict[int, list[Figure]] = {first: [] for first, _ in last.parts()}
    for line in each:
        # A point a day stands at its day; of weeks, the last are put together and those before them.
        named = zip([day.day for day in line.days] if last.step == 1 else histograms, line.days, strict=True)
        for first, day in named:
            histograms.setdefault(first, []).append(day.figure)
    days = tuple(
        Day(day, counts.together(reading.scale, (each.counts for each in some), singles=reading.singles))
        for day, some in sorted(histograms.items())[-len(last.parts()) :]
    )
    return _counted(
        reading,
        group,
        days,
        sum(line.today for line in each),
        sum(line.aside for line in each),
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
    total = _total(reading, members, singles=singles)
    return Line(
        place=place,
        figure=total.figure,
        days=days,
        today=today,
        aside=aside,
        before=total.before,
        since=total.since,
        delivery=delivery.together(reading.deliveries[leaf.id] for leaf in members if leaf.id in reading.deliveries),
    )


def _total(reading: _Reading, members: Sequence[Location], *, singles: bool | None = None) -> Total:
    """The members' own days together."""

    def between(ends: int, window: Window) -> tuple[int, int]:
        return ((window.first, window.last), (window.before, window.until), (window.since, window.last))[ends]

    def figure(ends: int) -> Figure:
        own = (
            counts.total(reading.scale, found.counts, *between(ends, reading.windows[leaf.id])).counts
            for leaf in members
            if (found := reading.days.get(leaf.id))
        )
        return counts.together(reading.scale, own, singles=reading.singles if singles is None else singles)

    return Total(figure(0), figure(1), figure(2))


def _attention(
    tx: Connection, paths: Sequence[str], question: Question, reading: _Reading, leaves: Sequence[Location], now_ms: int
) -> Attention:
    sure = [leaf for leaf in leaves if not reading.deliveries.get(leaf.id, Delivery()).uncertain]

    def days(leaf: Location) -> Days:
        return reading.days.get(leaf.id, Days())

    return attention.attention(tx, paths, sure, days, question, now_ms, singles=reading.singles)


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
