"""Which local days a line of a page is about, and which days they are compared with. Pure."""

from typing import NamedTuple

from sync.office.filters import USUAL, Filters

WEEK = 7
LONGEST_BY_DAY = 56
"""Days that a line is drawn of one by one; of more, week by week."""


class Window(NamedTuple):
    """Local days, all included: `first` … `last` is what is shown; the change is that of `since` … `last` against
    `before` … `until`. Of the usual four weeks that is the last one against those before it; of any other period, all
    of it against the same weekdays before."""

    first: int
    last: int
    since: int
    before: int
    until: int

    @property
    def step(self) -> int:
        """How many days stand together in a line: 1, or a week."""
        return 1 if self.last - self.first < LONGEST_BY_DAY else WEEK

    def parts(self) -> list[tuple[int, int]]:
        """The days of each point of a line: of weeks, the last ends with the last day."""
        ends = range(self.last, self.first - 1, -self.step)
        return [(max(end - self.step + 1, self.first), end) for end in reversed(ends)]


def is_usual(filters: Filters) -> bool:
    """Whether the period is the one that a page shows without being asked."""
    return filters.first is None and filters.span == USUAL


def parts_the_month(window: Window) -> bool:
    """Whether it is the usual one, whose latest part is compared with the rest of it."""
    return window.before == window.first


def weeks_back(filters: Filters) -> int:
    """How many weeks before a period lies the one that it is compared with."""
    return -(-filters.length // WEEK)


def window(filters: Filters, today: int) -> Window:
    """Of a place where it is `today`."""
    first, last = filters.days(today)
    if is_usual(filters):
        return Window(first, last, last - WEEK + 1, first, last - WEEK)
    back = WEEK * weeks_back(filters)
    return Window(first, last, first, first - back, last - back)
