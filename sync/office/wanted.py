"""What somebody wants to see of many places, as it stands in an address: filters, an order, a page. Pure."""

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

    def address(self, path: str | None = None, **more: str | int | None) -> str:
        """Of this page, or of another with what was asked for here; `more` beside it, or (None) without it. A new
        order or filter begins with the first page."""
        told: dict[str, str | int | None] = {"place": self.place} if path is None else {}
        told["sort"] = str(self.sort) if self.sort.by != "name" and path is None else None
        return self.filters.address(path or self.path, **{**told, **more})

    def to_place(self, number: int) -> str:
        """A place's own page, with the same filters."""
        return self.filters.address(f"/locations/{number}")

    def sorted_by(self, by: By) -> str:
        """Where the head of a column leads: first to what somebody looks for there, the lowest scores, the most
        answers, the deepest falls; then the other way round."""
        first = Sort(by, down=by == "n")
        other = Sort(by, down=not first.down)
        return self.address(sort=None if by == "name" else str(other if self.sort == first else first))
