"""What an overview is made of: a line a place, sections, and the news. Pure."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import NamedTuple

from sync.office import changes
from sync.office.attention import Attention
from sync.office.counts import Figure, Question
from sync.office.delivery import Agreed, Delivery
from sync.office.places import DEFAULT_ZONE, Location
from sync.office.standing import Standing
from sync.office.wanted import Sort, Wanted
from sync.office.windows import Window
from sync.scores import Difference, difference


class Day(NamedTuple):
    """One local day of a place or a group; of a long period a week, and `day` is its first."""

    day: int
    figure: Figure


@dataclass(frozen=True)
class Line:
    """One place or group. `figure` is the sum of the `days` that are shown (the last 28, today last, where nothing else
    was asked for); `since` and `before` are what its change is reckoned from (sync/office/windows.py). `above`: the
    groups it is in, from the top down, where they don't stand around it."""

    place: Location
    figure: Figure
    before: Figure
    since: Figure
    days: tuple[Day, ...]
    today: int
    aside: int
    delivery: Delivery
    above: tuple[Location, ...] = ()

    @cached_property
    def change(self) -> Difference | None:
        """None where it is not certain."""
        return changes.of_week(self.before, self.since)


@dataclass(frozen=True)
class Section:
    """A group with the places right in it; those of the top itself, or of no group, have no group's line.
    `is_empty`: there is no place in its groups either."""

    group: Line | None
    lines: tuple[Line, ...]
    is_empty: bool = False


@dataclass(frozen=True)
class Yesterday:
    """The last whole local day, and the same weekday of the four weeks before it."""

    day: int
    figure: Figure
    usual: Figure

    @property
    def change(self) -> Difference | None:
        """Against the usual; None when one of them is too small to be compared."""
        if self.usual.showing != "full" or self.figure.score is None or self.usual.score is None:
            return None
        return difference(self.figure.score, self.usual.score)


@dataclass(frozen=True)
class Total:
    """Everything of the period that was asked for together, and what its change is reckoned from."""

    figure: Figure
    before: Figure
    since: Figure

    @property
    def change(self) -> Difference | None:
        """Also where it is not certain; None when one of them is too small to be compared."""
        if self.before.showing != "full" or self.since.score is None or self.before.score is None:
            return None
        return difference(self.since.score, self.before.score)


class Youth(NamedTuple):
    """Screens have stood here for less than the 28 days of a page. `first` is the day of the first answers, None before
    there are any; `is_new`: nobody can have answered yesterday."""

    first: int | None
    is_new: bool


@dataclass(frozen=True)
class Overview:
    """What is at and below `top`, and `whole` all of it together (both None: everything). `attention` is about
    what is below the top. `youth` is None where answers may be older than what is shown. `page` of `pages`
    when there are too many places for one. `wanted` is what was asked for, as far as it may be shown; `refused`: this
    person asked for more than that. `window`: the days of most of the places. `standing`: that of
    yesterday, None where there is no place."""

    top: Location | None
    question: Question
    questions: tuple[Question, ...]
    whole: Line | None
    yesterday: Yesterday
    attention: Attention
    youth: Youth | None
    agreed: Agreed | None
    sections: tuple[Section, ...]
    places: int
    version: str
    total: Total
    window: Window
    wanted: Wanted
    singles: bool = True
    refused: bool = False
    standing: Standing | None = None
    page: int = 1
    pages: int = 1

    @property
    def today(self) -> int:
        """The local day of most of the places."""
        return self.yesterday.day + 1

    @property
    def zone(self) -> str:
        """On whose clock there is talk of all of it."""
        line = next(iter(self.lines), None)
        return self.top.zone if self.top else line.place.zone if line else DEFAULT_ZONE

    @property
    def lines(self) -> list[Line]:
        """Every line that is shown, groups' too."""
        return [line for section in self.sections for line in (section.group, *section.lines) if line]


def in_order(lines: list[Line], sort: Sort) -> list[Line]:
    """By a figure; those that have none come last, either way round, and equals by name."""
    sign = -1 if sort.down else 1

    def key(line: Line) -> tuple[bool, Fraction, str, int]:
        worth = worth_of(line, sort)
        return (worth is None, sign * (worth or Fraction(0)), line.place.name.casefold(), line.place.id)

    return sorted(lines, key=key)


def worth_of(line: Line, sort: Sort) -> Fraction | None:
    """What it is sorted by: what is shown of it. No certain change stands between the falls and the rises."""
    match sort.by:
        case "score":
            return line.figure.value
        case "change":
            return line.change.value if line.change else Fraction(0)
        case _:
            return Fraction(line.figure.n)
