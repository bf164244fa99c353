"""Where the lines and bars of a chart are: numbers for the templates to draw as SVG."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple, TypeVar

from sync.office.counts import Figure
from sync.office.lines import Day, Overview
from sync.office.marks import Mark
from sync.scores import add, score_range
from sync.survey import Scale

P = TypeVar("P")
Point = tuple[float, float]
CLOSE, EDGE = 6, 2
"""In % of the width of a trend: numbers nearer to each other stand in rows, and none nearer to the edge."""
ROWS = 3
MOST_SPANS = 16
"""Rows of a distribution over time."""


class Bar(NamedTuple):
    """A part of the distribution: `x` and `width` in % of the whole."""

    value: int
    n: int
    x: float
    width: float


class Axis(NamedTuple):
    """The scores at the bottom and at the top of a chart."""

    low: int
    high: int

    def y(self, score: float, height: float) -> float:
        """From the top; what lies outside stays at the edge."""
        inside = min(max(score, self.low), self.high)
        return round(height * (self.high - inside) / (self.high - self.low), 2)


class Spark(NamedTuple):
    """Lines for SVG's `points`; `dots` are days that stand alone; `end` is today's point, if today has one."""

    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    end: tuple[float, float] | None


class Column(NamedTuple):
    """One day of a trend: its bar of answers, and its score's point where it has one."""

    day: Day
    x: float
    width: float
    bar_y: float
    bar_height: float


class Trend(NamedTuple):
    """`bands` are the intervals as polygons, `lines` the scores, both broken at days without a score."""

    bands: tuple[str, ...]
    lines: tuple[str, ...]
    dots: tuple[tuple[float, float], ...]
    columns: tuple[Column, ...]
    most: int


def distribution(figure: Figure) -> list[Bar]:
    """The worst first; empty when there is nothing to show."""
    bars, x = list[Bar](), 0.0
    for value, n in enumerate(figure.counts, start=figure.scale.low):
        width = 100 * n / figure.n if figure.n else 0.0
        bars.append(Bar(value, n, round(x, 3), round(width, 3)))
        x += width
    return bars


def axis(scale: Scale, figures: Sequence[Figure]) -> Axis:
    """One for all charts beside each other, so that they can be compared: from below the worst score that isn't
    early, in tenths of the range, to the top of the range. Early days are too wild to set it."""
    lowest, highest = score_range(scale)
    step = max((highest - lowest) // 10, 1)
    firm = [figure for figure in figures if figure.showing == "full"] or figures
    worst = min((float(figure.value) for figure in firm if figure.value is not None), default=lowest)
    return Axis(max(int((worst - step) // step * step), lowest), highest)


def overview_axis(view: Overview) -> Axis:
    return axis(view.question.scale, [day.figure for line in view.lines for day in line.days])


def spark(days: Sequence[Day], axis: Axis, width: float, height: float) -> Spark:
    points = list(_points(days, axis, width, height))
    runs = [run for run in _runs(points) if len(run) > 1]
    alone = tuple(run[0] for run in _runs(points) if len(run) == 1)
    return Spark(tuple(map(_path, runs)), alone, points[-1] if points else None)


def trend(days: Sequence[Day], axis: Axis, width: float, height: float, bars: float, most: int | None = None) -> Trend:
    """`height` for the scores and, below it, `bars` for the numbers of answers; `most` of them fill it, where several
    trends are to be compared."""
    step = width / len(days)
    most = most or max((day.figure.n for day in days), default=0)
    columns = [
        Column(day, round(index * step, 2), round(step, 2), round(bars - tall, 2), round(tall, 2))
        for index, day in enumerate(days)
        for tall in [bars * day.figure.n / most if most else 0.0]
    ]
    points = list(_points(days, axis, width, height))
    bands = []
    for run in _runs(list(_ends(days, axis, width, height))):
        if len(run) > 1:
            upper = [(x, top) for x, top, _ in run]
            lower = [(x, bottom) for x, _, bottom in reversed(run)]
            bands.append(_path([*upper, *lower]))
    runs = _runs(points)
    return Trend(
        tuple(bands),
        tuple(_path(run) for run in runs if len(run) > 1),
        tuple(point for point in points if point),
        tuple(columns),
        most,
    )


def seam(days: Sequence[Day], day: int | None, width: float) -> float | None:
    """Where the day (or the week it is in) begins in a trend of this width; None when it isn't between two of them."""
    index = _index(days, day)
    return round(index * width / len(days), 2) if index else None


def _index(days: Sequence[Day], day: int | None) -> int | None:
    """The point of a trend that holds this day; the last one may be a week."""
    if day is None or not days or day < days[0].day:
        return None
    long = days[1].day - days[0].day if len(days) > 1 else 1
    found = max(index for index, each in enumerate(days) if each.day <= day)
    return found if day < days[found].day + max(long, 1) else None


class Flag(NamedTuple):
    """What happened on the days of one point of a trend: `x` where they begin and `across` the middle of its number, in
    % of the width; `row` from 0, so that no number stands on another."""

    number: int
    x: float
    across: float
    row: int
    marks: tuple[Mark, ...]


def flags(days: Sequence[Day], marks: Sequence[Mark]) -> list[Flag]:
    """Numbered from the left; what lies outside the trend is left out."""
    at = [(index, mark) for mark in marks if (index := _index(days, mark.day)) is not None]
    found = list[Flag]()
    for index, some in groupby(sorted(at, key=lambda each: each[0]), key=lambda each: each[0]):
        x = round(100 * index / len(days), 2)
        near = {flag.row for flag in found if x - flag.x < CLOSE}
        row = next((row for row in range(ROWS) if row not in near), ROWS - 1)
        across = min(max(x, EDGE), 100 - EDGE)
        found.append(Flag(len(found) + 1, x, across, row, tuple(mark for _, mark in some)))
    return found


class Span(NamedTuple):
    """Some days of a trend together, both ends included."""

    first: int
    last: int
    figure: Figure


def spans(days: Sequence[Day], last: int) -> list[Span]:
    """A trend in at most MOST_SPANS rows, by the days, weeks or four weeks that make few enough of them; weeks end with
    the `last` day."""
    sizes = (1, 7) if len(days) < 2 or days[1].day - days[0].day == 1 else (1, 4)
    size = next((size for size in sizes if -(-len(days) // size) <= MOST_SPANS), sizes[-1])
    found = list[Span]()
    for end in range(len(days), 0, -size):
        some = days[max(end - size, 0) : end]
        ends = days[end].day - 1 if end < len(days) else last
        found.append(Span(some[0].day, ends, Figure(some[0].figure.scale, add([each.figure.counts for each in some]))))
    return found[::-1]


def _points(days: Sequence[Day], axis: Axis, width: float, height: float) -> Iterator[Point | None]:
    for x, figure in _places(days, width):
        yield (x, axis.y(float(figure.value), height)) if figure.value is not None else None


def _ends(days: Sequence[Day], axis: Axis, width: float, height: float) -> Iterator[tuple[float, float, float] | None]:
    for x, figure in _places(days, width):
        yield (x, axis.y(figure.score.high, height), axis.y(figure.score.low, height)) if figure.score else None


def _places(days: Sequence[Day], width: float) -> Iterator[tuple[float, Figure]]:
    step = width / len(days) if days else width
    for index, day in enumerate(days):
        yield round((index + 0.5) * step, 2), day.figure


def _runs(points: Sequence[P | None]) -> list[list[P]]:
    """What stands together: a day without a score ends a run, so that a gap stays a gap."""
    grouped = groupby(points, key=lambda point: point is None)
    return [[point for point in run if point is not None] for is_gap, run in grouped if not is_gap]


def _path(points: Sequence[Point]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in points)
