"""One place (or one group): how people answered, the last four weeks, and why."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from sync.models import locations, tallies_day, touchpoints
from sync.office import overview, places, surveys
from sync.office.counts import Figure, Question, value_columns
from sync.office.overview import Line, Overview
from sync.office.people import User
from sync.office.places import Location
from sync.scores import showing
from sync.survey import Question as Asked


@dataclass(frozen=True)
class Reason:
    """Why, in so many words of the survey (`texts` by language), and by how many."""

    texts: dict[str, str]
    n: int


@dataclass(frozen=True)
class Reasons:
    """The reasons behind some answers of the first question (`values`), the most frequent first. `n` is how many
    gave such an answer; not all of them choose a reason, some choose several."""

    texts: dict[str, str]
    values: tuple[int, ...]
    n: int
    ranked: tuple[Reason, ...]


@dataclass(frozen=True)
class Page:
    """A location's page: `above` from the top of what the viewer may see down to the parent."""

    place: Location
    above: tuple[Location, ...]
    line: Line
    overview: Overview
    reasons: tuple[Reasons, ...]

    @property
    def figures(self) -> list[Figure]:
        """Of every day that the trend shows."""
        return [day.figure for day in self.line.days]


def find(tx: Connection, user: User, number: int) -> Location | None:
    """That location, or None when there is none or this person may not see it."""
    return next((place for place in places.locations(tx, user.location_id) if place.id == number), None)


def page(
    tx: Connection, user: User, place: Location, now_ms: int, *, question: str | None = None, number: int = 1
) -> Page:
    """What there is to say about `place`, which has to be within this person's scope. `number`: of the page of its
    places, when it has very many."""
    found = overview.overview(tx, user, now_ms, top=place, question=question, page=number)
    if found.whole is None:
        raise LookupError(f"location {place.id} is not in its own overview")
    visible = {each.id: each for each in places.locations(tx, user.location_id)}
    above = [visible[int(part)] for part in place.path.split("/") if part and int(part) in visible]
    return Page(
        place=place,
        above=tuple(above[:-1]),
        line=found.whole,
        overview=found,
        reasons=_reasons(tx, place.path, found.question, found.whole),
    )


def _reasons(tx: Connection, path: str, question: Question, line: Line) -> tuple[Reasons, ...]:
    """By the surveys asked there now. Nothing about answers too few to be shown."""
    found = {asked.id: asked for asked in _asked(tx, path, question)}
    chosen = _chosen(tx, path, question, list(found), line.days[0].day)
    ranked = (_ranked(asked, chosen, question, line.figure) for asked in found.values())
    return tuple(reasons for reasons in ranked if showing(reasons.n) != "none")


def _asked(tx: Connection, path: str, question: Question) -> list[Asked]:
    """The questions for reasons that follow `question` at the touchpoints at and below `path`."""
    query = (
        select(func.min(touchpoints.c.id))
        .join(locations, locations.c.id == touchpoints.c.location_id)
        .where(locations.c.path.startswith(path))
        .group_by(touchpoints.c.survey)
    )
    current = (surveys.current(tx, touchpoint) for touchpoint in tx.execute(query).scalars().all())
    following = (survey.questions for survey in current if survey.first.id == question.id)
    return [asked for questions in following for asked in questions if asked.kind == "reasons"]


def _chosen(
    tx: Connection, path: str, question: Question, names: list[str], first: int
) -> dict[tuple[str, str], tuple[int, ...]]:
    """(question for reasons, reason) -> how often it was chosen, by the value of the first answer."""
    query = (
        select(tallies_day.c.question, tallies_day.c.choice, *map(func.sum, value_columns(question.scale)))
        .join(locations, locations.c.id == tallies_day.c.location_id)
        .where(locations.c.path.startswith(path), tallies_day.c.question.in_(names), tallies_day.c.choice != "")
        .where(tallies_day.c.day >= first, ~tallies_day.c.aside)
        .group_by(tallies_day.c.question, tallies_day.c.choice)
    )
    return {(name, choice): tuple(map(int, sums)) for name, choice, *sums in tx.execute(query)}


def _ranked(
    asked: Asked, chosen: dict[tuple[str, str], tuple[int, ...]], question: Question, figure: Figure
) -> Reasons:
    low = question.scale.low
    values = asked.when or tuple(range(low, question.scale.high + 1))

    def of_those(counts: tuple[int, ...]) -> int:
        return sum(counts[value - low] for value in values)

    texts = {choice.id: choice.texts for choice in asked.choices}
    # A reason that an older version of the survey offered is still counted, under its id.
    older = {choice: {"": choice} for name, choice in chosen if name == asked.id and choice not in texts}
    none = (0,) * (question.scale.high - low + 1)
    reasons = [
        Reason(text, of_those(chosen.get((asked.id, choice), none))) for choice, text in {**texts, **older}.items()
    ]
    ranked = sorted((reason for reason in reasons if reason.n), key=lambda reason: -reason.n)
    return Reasons(asked.texts, values, of_those(tuple(figure.counts)), tuple(ranked))
