"""What a briefing says of a crew's or a store's score: four weeks of it beside its own usual, why people were (not)
happy, promises. Only what everybody may see who sees the place: what was released (sync.intake.releasing)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy import Connection, select

from sync.models import locations
from sync.office import counts, reasons, surveys
from sync.office.counts import Figure, Question
from sync.office.places import Location
from sync.office.reasons import Reason, Reasons
from sync.office.rights import with_crews
from sync.office.windows import Window
from sync.scores import ENOUGH, RANKED, Difference, Histogram, add, difference, shrunken
from sync.survey import Scale

WEEKS, USUAL_WEEKS = 4, 12
SPAN, USUAL_SPAN = WEEKS * 7, USUAL_WEEKS * 7
OTHERS = 2
"""Crews beside one's own from which an average is taken: of fewer it would be somebody's score."""
MOST_OTHERS = 200
"""Of so many the average is as good as of all."""
BLOCKS = 6
"""Spans of four weeks that a record is looked for in, the newest not among them."""


@dataclass(frozen=True)
class Standing:
    """Four weeks (`now`), the twelve before (`usual`), and the average of the others alike: `average` of `weight`
    answers each, None where there are too few of them. `before`: the spans of four weeks before `now`, newest first."""

    question: Question
    now: Figure
    usual: Figure
    average: Fraction | None
    weight: Fraction
    before: tuple[Figure, ...]

    @property
    def score(self) -> Fraction | None:
        """Pulled towards the average of the others, or towards one's own usual; None of fewer than five answers."""
        if self.now.score is None:
            return None
        if self.average is not None:
            return shrunken(self.now.score.value, self.now.n, self.average, self.weight)
        if self.usual.score is not None:
            own = Fraction(self.usual.n * WEEKS, USUAL_WEEKS)
            return shrunken(self.now.score.value, self.now.n, self.usual.score.value, own)
        return self.now.score.value

    @property
    def change(self) -> Difference | None:
        """Against the usual; None where either has too few answers to be shown."""
        if self.now.score is None or self.usual.score is None:
            return None
        return difference(self.now.score, self.usual.score)

    @property
    def is_record(self) -> bool:
        """Whether these are the best four weeks of all that are known: three others at least, all of them full."""
        full = [each.value for each in self.before if each.n >= RANKED and each.value is not None]
        mine = self.now.value if self.now.n >= RANKED else None
        return mine is not None and len(full) >= 3 and all(mine > each for each in full)


def standing(tx: Connection, place: Location, day: int, *, singles: bool = False) -> Standing:
    """As of the morning of `day`: of the days before it."""
    question = counts.questions(tx, (with_crews(place.path),), day - SPAN - USUAL_SPAN, day - 1)[0]
    first = day - SPAN * (BLOCKS + 1)
    own = counts.days_of(tx, [place.id], question, first, day - 1, singles=singles).get(place.id, counts.Days())

    def span(start: int, end: int) -> Figure:
        return _figure(question.scale, own.counts, start, end)

    average, weight = _others(tx, place, question, day)
    return Standing(
        question=question,
        now=span(day - SPAN, day - 1),
        usual=span(day - SPAN - USUAL_SPAN, day - SPAN - 1),
        average=average,
        weight=weight,
        before=tuple(span(day - SPAN * (n + 1), day - SPAN * n - 1) for n in range(1, BLOCKS + 1)),
    )


def _figure(scale: Scale, days: Mapping[int, Histogram], first: int, last: int) -> Figure:
    return counts.total(scale, days, first, last)


def _others(tx: Connection, place: Location, question: Question, day: int) -> tuple[Fraction | None, Fraction]:
    """The average of the four weeks of the others of its kind in the same group, by what everybody may see of them."""
    table = locations.c
    beside = (table.parent_id == place.parent_id, table.kind == place.kind, table.id != place.id)
    numbers = list(tx.execute(select(table.id).where(*beside).order_by(table.id).limit(MOST_OTHERS)).scalars())
    days = counts.days_of(tx, numbers, question, day - SPAN, day - 1, singles=False)
    each = [_figure(question.scale, found.counts, day - SPAN, day - 1) for found in days.values()]
    full = [figure.counts for figure in each if figure.n >= ENOUGH]
    if len(full) < OTHERS:
        return None, Fraction(0)
    whole = Figure(question.scale, add(full))
    return whole.value, Fraction(whole.n, len(full))


@dataclass(frozen=True)
class Chosen:
    """The reason that a briefing names: `n` of `of` people in four weeks; `usual` of `usual_of` in the 12 before."""

    texts: dict[str, str]
    n: int
    of: int
    usual: int
    usual_of: int


@dataclass(frozen=True)
class Why:
    """One reason to celebrate, one to learn from; None where there is too little to choose from."""

    best: Chosen | None
    worst: Chosen | None


def why(tx: Connection, place: Location, question: Question, day: int, *, singles: bool = False) -> Why:
    window = Window(day - SPAN, day - 1, day - SPAN, day - SPAN - USUAL_SPAN, day - SPAN - 1)
    found = reasons.behind(tx, with_crews(place.path), question, {place.id: window}, singles=singles)
    return Why(*(choose(each for each in found if _is(each, question.scale, happy)) for happy in (True, False)))


def _is(each: Reasons, scale: Scale, happy: bool) -> bool:
    """Whether only happy (or only unhappy) people are asked for these reasons. The middle is neither."""
    middle = Fraction(scale.low + scale.high, 2)
    return all(value > middle if happy else value < middle for value in each.values)


def choose(found: Iterable[Reasons]) -> Chosen | None:
    """The reason whose share lies furthest above its usual one (where nothing is usual yet, the one named most); of
    equals the one that was named more often, then the first in the survey. Each was named by five at least."""
    every = [reason for each in found for reason in each.ranked if reason.week.n >= ENOUGH]
    if not every:
        return None
    best = max(every, key=lambda reason: (_above(reason), reason.week.n))
    return Chosen(best.texts, best.week.n, best.week.of, best.before.n, best.before.of)


def _above(reason: Reason) -> Fraction:
    usual = Fraction(reason.before.n, reason.before.of) if reason.before.of >= ENOUGH else Fraction(0)
    return Fraction(reason.week.n, reason.week.of) - usual


def kept(
    tx: Connection, place: Location, first: Question, day: int, *, singles: bool = False
) -> list[tuple[Question, Figure]]:
    """The questions of the survey that are answered by yes or no, and four weeks of answers to each."""
    asked = {each.id: each for survey in surveys.asked_at(tx, place.path, first.id) for each in survey.questions}
    found = []
    for each in asked.values():
        if each.scale == "yesno" and each.id != first.id:
            question = Question(each.id, each.scale, each.texts)
            days = counts.days_of(tx, [place.id], question, day - SPAN, day - 1, singles=singles)
            own = days.get(place.id, counts.Days())
            found.append((question, _figure(question.scale, own.counts, day - SPAN, day - 1)))
    return found
