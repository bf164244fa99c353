"""What somebody wants to see of many places, as it stands in an address: filters, an order, a page. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple, get_args

from sync.office.filters import Filters
from sync.office.forms import Wrong
from sync.office.tongue import _

By = Literal["name", "score", "n", "change"]


class Sort(NamedTuple):
    """By name places stand in their groups; by a figure they stand in one list, and `down` has the largest first. A
    change is ordered as far as it is certain."""

    by: By = "name"
    down: bool = False

    @classmethod
    def read(cls, text: str | None) -> "Sort":
        """ "score", "-n"; raises Wrong for what isn't one of them."""
        by = next((each for each in get_args(By) if each == (text or "name").removeprefix("-")), None)
        if by is None or text == "-name":
            raise Wrong({"sort": _("Places are sorted by name, score, n or change; -score has the largest first.")})
        return cls(by, bool(text) and str(text).startswith("-"))

    def __str__(self) -> str:
        return f"{'-' if self.down else ''}{self.by}"


BY_NAME = Sort()


@dataclass(frozen=True)
class Wanted:
    """`path` is the page; `place`: narrowed there to what is at and below this one."""

    filters: Filters = field(default_factory=Filters)
    sort: Sort = BY_NAME
    page: int = 1
    path: str = "/"
    place: int | None = None

    @property
    def is_plain(self) -> bool:
        """Nothing was asked for that would change the figures, but the question and the place."""
        return replace(self.filters, question=None) == Filters()

    @classmethod
    def read(cls, args: Mapping[str, str], path: str = "/", place: int | None = None) -> "Wanted":
        """From an address; raises Wrong with a sentence for each part of it that cannot be meant."""
        wrong, filters, sort = dict[str, str](), Filters(), BY_NAME
        try:
            filters = Filters.read(args)
        except Wrong as problem:
            wrong |= problem.fields
        try:
            sort = Sort.read(args.get("sort"))
        except Wrong as problem:
            wrong |= problem.fields
        if wrong:
            raise Wrong(wrong)
        return cls(filters, sort, _page(args.get("page")), path, place)

    def address(self, **more: str | int | None) -> str:
        """Of this page; `more` beside what was asked for, or (None) without it. Another order or filter begins with
        the first page."""
        sort = str(self.sort) if self.sort.by != "name" else None
        return self.filters.address(self.path, **{"place": self.place, "sort": sort, **more})

    def fresh(self, version: str) -> str:
        """Of the newest figures for the page that is open and shows this version."""
        page = self.page if self.page > 1 else None
        return replace(self, path=f"{self.path.rstrip('/')}/now").address(page=page, version=version)

    def to_place(self, number: int) -> str:
        """A place's own page, with the same filters."""
        return self.filters.address(f"/locations/{number}")

    def sorted_by(self, by: By) -> str:
        """Where the head of a column leads: first to what somebody looks for there, the lowest scores, the most
        answers, the deepest falls; then the other way round."""
        first = Sort(by, down=by == "n")
        other = Sort(by, down=not first.down)
        return self.address(sort=None if by == "name" else str(other if self.sort == first else first))


def _page(text: str | None) -> int:
    """The first for what is no number: whoever asks for a page that isn't there gets the nearest."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 1
