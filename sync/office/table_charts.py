"""Where the marks of a table of places are: scores with their intervals, and how people answered. Numbers for the
templates to draw as SVG."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sync.office.charts import Axis
from sync.office.counts import Figure
from sync.office.faces import shade
from sync.scores import score_range
from sync.survey import Scale

WIDE = 100.0
_NPS = ((0, 6), (7, 8), (9, 10))
_TEN = 10
_BINS, _TALLEST = 50, 12


class Mark(NamedTuple):
    """A score on the whole of its scale: the interval from `x` on, the score `at`, the middle of the scale."""

    x: float
    width: float
    at: float


class Segment(NamedTuple):
    """Answers from `low` to `high` together; `n` of them."""

    low: int
    high: int
    n: int
    x: float
    width: float
    shade: str


class Split(NamedTuple):
    """How people answered. `zero` is where the unhappy end and the happy begin, None where nothing lies apart."""

    segments: tuple[Segment, ...]
    zero: float | None


class Swarm(NamedTuple):
    """Scores beside each other on their scale: dots where they are few, else columns (x, height, in % of both); the
    middle half of them from `x` on."""

    dots: tuple[tuple[float, float], ...]
    columns: tuple[tuple[float, float], ...]
    x: float
    width: float
    tall: float


class Reach(NamedTuple):
    """How far the rows of a table reach from the middle to either side, in % of the answers."""

    left: float = 0.0
    right: float = 100.0


def mark(figure: Figure) -> Mark | None:
    """None when there is no score."""
    if figure.score is None:
        return None
    axis = Axis(*score_range(figure.scale))
    low, high, at = (_along(axis, each) for each in (figure.score.low, figure.score.high, float(figure.score.value)))
    return Mark(low, round(high - low, 2), at)


def _along(axis: Axis, worth: float) -> float:
    return round(WIDE * (worth - axis.low) / (axis.high - axis.low), 2)


def is_diverging(scale: Scale) -> bool:
    """Whether half of the answers are unhappy ones and half are happy ones, with nothing between."""
    return scale.family in ("index", "yes") and (scale.high - scale.low) % 2 == 1


def reach(figures: Iterable[Figure]) -> Reach:
    """One for all rows, so that their middles stand under each other; in tens, each side at least one."""
    shown = [figure for figure in figures if figure.score is not None]
    if not shown or not is_diverging(shown[0].scale):
        return Reach()
    shares = [_unhappy(figure) for figure in shown]
    return Reach(_tens(max(shares)), _tens(100 - min(shares)))


def _tens(share: float) -> float:
    return float(max(-(-share // _TEN) * _TEN, _TEN))


def _unhappy(figure: Figure) -> float:
    return 100 * sum(figure.counts[: len(figure.counts) // 2]) / figure.n


def split(figure: Figure, scale_name: str, reach: Reach) -> Split:
    """Diverging from the middle for two and four answers, else stacked to 100 %; of 0 to 10 the three groups that NPS
    knows. Empty when there is nothing to show."""
    if figure.score is None:
        return Split((), None)
    parts = _parts(figure, scale_name)
    if not is_diverging(figure.scale):
        return Split(_stacked(parts, figure.n, scale_name, 0.0, 1.0), None)
    per = WIDE / (reach.left + reach.right)
    zero = round(reach.left * per, 2)
    return Split(_stacked(parts, figure.n, scale_name, (reach.left - _unhappy(figure)) * per, per), zero)


def _parts(figure: Figure, scale_name: str) -> Sequence[tuple[int, int, int]]:
    if scale_name == "nps11":
        return [(low, high, sum(figure.counts[low : high + 1])) for low, high in _NPS]
    return [(at, at, n) for at, n in enumerate(figure.counts, start=figure.scale.low)]


def _stacked(
    parts: Sequence[tuple[int, int, int]], n: int, scale_name: str, x: float, per: float
) -> tuple[Segment, ...]:
    found = []
    for low, high, count in parts:
        width = per * 100 * count / n
        # The three groups of NPS take the ends and the middle of the ramp.
        at = {0: 0, 7: 5, 9: 10}[low] if low != high else low
        found.append(Segment(low, high, count, round(x, 2), round(width, 2), shade(scale_name, at)))
        x += width
    return tuple(found)


def swarm(scale: Scale, scores: Sequence[float], middle: tuple[float, float] | None) -> Swarm:
    """One dot a place, those of nearly the same score above each other; columns where they would not fit."""
    axis = Axis(*score_range(scale))
    bins: dict[int, int] = {}
    dots = []
    for each in sorted(scores):
        at = round(_along(axis, each) * _BINS / WIDE)
        bins[at] = bins.get(at, 0) + 1
        dots.append((round(at * WIDE / _BINS, 2), float(bins[at])))
    tall = max(bins.values(), default=1)
    columns = tuple((round(at * WIDE / _BINS, 2), round(n / tall, 3)) for at, n in sorted(bins.items()))
    x, end = (_along(axis, each) for each in middle or (axis.low, axis.low))
    few = tall <= _TALLEST
    return Swarm(tuple(dots) if few else (), () if few else columns, x, round(end - x, 2), float(tall))
