"""What an overview is made of: a line a place, sections, and the news. Pure."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from sync.office import changes
from sync.office.changes import Fall
from sync.office.counts import Figure, Question
from sync.office.delivery import Agreed, Delivery
from sync.office.places import Location
from sync.scores import Difference, difference


class Day(NamedTuple):
    """One local day of a place or a group."""

    day: int
    figure: Figure


@dataclass(frozen=True)
class Line:
    """One place or group. `days` are its last 28, today last; `figure` is their sum, `before` that of the first 21
    and `since` that of the last seven."""

    place: Location
    figure: Figure
    before: Figure
    since: Figure
    days: tuple[Day, ...]
    today: int
    aside: int
    delivery: Delivery

    @cached_property
    def change(self) -> Difference | None:
        """The last seven days against those before, None where that is not certain."""
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


class Youth(NamedTuple):
    """Screens have stood here for less than the 28 days of a page. `first` is the day of the first answers, None before
    there are any; `is_new`: nobody can have answered yesterday."""

    first: int | None
    is_new: bool


@dataclass(frozen=True)
class Overview:
    """What is at and below `top`, and `whole` all of it together (both None: everything). `falls` is the news of the
    week: places below the top. `youth` is None where answers may be older than what is shown. `page` of `pages`
    when there are too many places for one."""

    top: Location | None
    question: Question
    questions: tuple[Question, ...]
    whole: Line | None
    yesterday: Yesterday
    falls: tuple[Fall, ...]
    youth: Youth | None
    agreed: Agreed | None
    sections: tuple[Section, ...]
    places: int
    version: str
    page: int = 1
    pages: int = 1

    @property
    def lines(self) -> list[Line]:
        """Every line that is shown, groups' too."""
        return [line for section in self.sections for line in (section.group, *section.lines) if line]
