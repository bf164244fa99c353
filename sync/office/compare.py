"""Up to six places in the same days, or up to six periods of one place, side by side: always the same question, and
never more certainty than so many comparisons leave."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

from sqlalchemy import Connection

from sync.office import crew_sight, history, local_time, overview, places, reasons, wide, windows
from sync.office.charts import Axis, axis
from sync.office.counts import Figure, Question, is_place
from sync.office.filters import Filters
from sync.office.history import Ends, Wish
from sync.office.lines import Day
from sync.office.people import User
from sync.office.places import Location
from sync.office.reasons import Reasons
from sync.office.rights import Reach
from sync.office.windows import Window
from sync.scores import RANKED, Difference, difference

MOST = 6
_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Series:
    """One place over some days. `gap`: its score less that of the first, None where one of them rests on too few
    answers, or it `overlaps` the first: the same answers would be on both sides."""

    place: Location
    window: Window
    figure: Figure
    days: tuple[Day, ...]
    reasons: tuple[Reasons, ...]
    overlaps: bool = False
    gap: Difference | None = None


@dataclass(frozen=True)
class Comparison:
    """`filters` are the days of several places; of several periods each has its own. `shown`: how many differences
    stand there, for which each interval is widened (`widened`)."""

    series: tuple[Series, ...]
    question: Question | None
    questions: tuple[Question, ...]
    filters: Filters
    singles: bool
    today: int
    by_period: bool
    shown: int = 0

    @property
    def axis(self) -> Axis | None:
        """One for all trends."""
        if self.question is None:
            return None
        return axis(self.question.scale, [day.figure for each in self.series for day in each.days])

    @property
    def most(self) -> int:
        """The most answers that a point of any trend has."""
        return max((day.figure.n for each in self.series for day in each.days), default=0)

    @property
    def widened(self) -> bool:
        return self.shown > 1


def compare(
    tx: Connection,
    user: User,
    numbers: Sequence[int],
    periods: Sequence[Ends],
    filters: Filters,
    now_ms: int,
) -> Comparison:
    """Of places that this person may see, in the order in which they are named; of the first of them alone, where there
    are `periods` (local days). The sums of groups have to be folded. What is asked of one place only says so by having
    no answers."""
    by_period = bool(periods)
    wanted = list(dict.fromkeys(numbers))[: 1 if by_period else MOST]
    tree = places.resolved(tx, set(wanted)) if wanted else {}
    chosen = [tree[number] for number in wanted]
    paths = [user.rights.reach(place.path) for place in chosen]
    singles = user.rights.sees_singles(paths)
    filters = filters if singles else filters.only_shown()
    today = local_time.day_of(now_ms, chosen[0].zone if chosen else places.DEFAULT_ZONE)
    asked = wide.questions(tx, wide.scope(tx, paths, singles), now_ms) if chosen else []
    question = next((each for each in asked if each.id == filters.question), asked[0] if asked else None)
    if question is None:
        return Comparison((), None, (), filters, singles, today, by_period)
    spans = [replace(filters, first=first, last=last) for first, last in periods[:MOST]] or [filters]
    reader = _Reader(tx, now_ms, question, singles, crew_sight.opened(paths))
    series = [reader.series(place, span) for place in chosen for span in spans]
    return _compared(
        Comparison(tuple(series), question, tuple(asked), filters, singles, today, by_period),
    )


@dataclass(frozen=True)
class _Reader:
    tx: Connection
    now_ms: int
    question: Question
    singles: bool
    crews: tuple[str, ...]

    def series(self, place: Location, filters: Filters) -> Series:
        window = windows.window(filters, local_time.day_of(self.now_ms, place.zone))
        wish = Wish(self.question, filters, self.singles, self.crews)
        known = history.read(self.tx, place, wish, window.first - 1, window.last + 1, self.now_ms)
        ends: Callable[[int], Ends] = filters.days
        return Series(place, window, known.figure(ends), known.points(window), self._reasons(place, filters))

    def _reasons(self, place: Location, filters: Filters) -> tuple[Reasons, ...]:
        reach = Reach(place.path, self.crews)
        if wide.is_wide(self.tx, (reach,), overview.MOST_LINES):
            wish = Wish(self.question, filters.only_shown(), self.singles, self.crews)
            return reasons.behind_sums(self.tx, place, wish, self.now_ms)
        below = [each for each in crew_sight.visible(self.tx, (reach,)) if is_place(each)]
        days = {each.id: windows.window(filters, local_time.day_of(self.now_ms, each.zone)) for each in below}
        narrowed = filters.narrowed
        return reasons.behind(self.tx, reach, self.question, days, singles=self.singles, narrowed=narrowed)


def _compared(found: Comparison) -> Comparison:
    """With the differences from the first."""
    first, *others = found.series
    marked = [replace(each, overlaps=_overlap(first, each)) for each in others]
    gaps = [None if each.overlaps else _gap(each.figure, first.figure) for each in marked]
    shown = sum(gap is not None for gap in gaps)
    series = [replace(each, gap=gap and widened(gap, shown)) for each, gap in zip(marked, gaps, strict=True)]
    return replace(found, series=(first, *series), shown=shown)


def _overlap(one: Series, other: Series) -> bool:
    """Whether some answers are in both."""
    inside = one.place.path.startswith(other.place.path) or other.place.path.startswith(one.place.path)
    return inside and one.window.first <= other.window.last and other.window.first <= one.window.last


def _gap(figure: Figure, first: Figure) -> Difference | None:
    if min(figure.n, first.n) < RANKED or figure.score is None or first.score is None:
        return None
    return difference(figure.score, first.score)


def widened(gap: Difference, shown: int) -> Difference:
    """One of so many differences: all of their intervals together hold 95 times in 100 (Šidák, "Rectangular confidence
    regions for the means of multivariate normal distributions", JASA 62, 1967, which holds for differences that share
    one side, too)."""
    reach = NormalDist().inv_cdf((1 + 0.95 ** (1 / max(shown, 1))) / 2) / _Z
    at = float(gap.value)
    return Difference(gap.value, at - (at - gap.low) * reach, at + (gap.high - at) * reach)
