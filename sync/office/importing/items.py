"""The places of a file and of the tree, found in each other: which line means which place, and what lies in what.

A line means the place with its id, as the export writes it; without one, that with its number; without either, the
place of its name in its parent. A parent is named by its number, by its name, or by the names on the way to it
("Norway / Oslo"); it may stand further down in the file."""

import unicodedata
from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sync.office import place_sheet, tree
from sync.office.importing import circles
from sync.office.sheet_reading import Line
from sync.office.tongue import _
from sync.office.tree import Node

DEEPEST = 30
"""Levels of a tree; nobody's organisation has more."""
Way = tuple[str, ...]


def folded(name: str) -> str:
    """A name as it is compared: capitals, spaces and the ways to write an accent aside."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


@dataclass(eq=False)
class Item:
    """A place that is there (`node`), that the file tells of (`line`), or both. `parent` None: at the top of what
    somebody looks after. `way`: the folded names from there to it."""

    node: Node | None = None
    line: Line | None = None
    parent: "Item | None" = None
    way: Way = ()
    problems: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        said = self.line.cells.get("name", "") if self.line else ""
        return said or (self.node.details.name if self.node else "")

    @property
    def ref(self) -> str:
        said = self.line.cells.get("ref", "") if self.line else ""
        return said or (self.node.details.ref or "" if self.node else "")


class Finder:
    """Settles one line after the other, each as soon as its parent is settled."""

    def __init__(self, nodes: Iterable[Node], lines: Iterable[Line], *, everywhere: bool) -> None:
        self._everywhere = everywhere
        self._by_id: dict[int, Item] = {}
        self._by_ref: dict[str, Item] = {}
        self._by_way: dict[Way, dict[Item, None]] = defaultdict(dict)
        self._by_name: dict[str, dict[Item, None]] = defaultdict(dict)
        self._new: dict[tuple[Item | None, str], Item] = {}
        self._siblings: dict[tuple[int | None, str], list[Item]] = defaultdict(list)
        self._waiting: dict[str | Way, list[Item]] = defaultdict(list)
        self._open: dict[Item, str] = {}
        self._at: dict[Item, int] = {}
        self.lines: list[Item] = []
        for node in nodes:
            self._take_in(node)
        self._begin(lines)

    @property
    def items(self) -> list[Item]:
        """Every place: those that are there, then the new ones."""
        return [*self._by_id.values(), *(item for item in self.lines if item.node is None)]

    @property
    def numbers(self) -> set[str]:
        """Those of the places that are there."""
        return {item.node.details.ref for item in self._by_id.values() if item.node and item.node.details.ref}

    def with_number(self, location: int | None) -> Item | None:
        """The place with this number of ours; None where it is none that somebody looks after."""
        return self._by_id.get(location or 0)

    def namesake(self, item: Item) -> Item | None:
        """Of a new place: the one that is there under the same name, if only one is and the file says nothing of it."""
        same = [each for each in self._by_name.get(folded(item.name), ()) if each.node and each.line is None]
        return same[0] if item.node is None and len(same) == 1 else None

    def is_root(self, item: Item) -> bool:
        """Whether it is a topmost place of what somebody looks after."""
        return item.node is not None and item.node.parent_id not in self._by_id

    def _take_in(self, node: Node) -> None:
        above = self._by_id.get(node.parent_id or 0)
        item = Item(node, parent=above, way=(*(above.way if above else ()), folded(node.details.name)))
        self._by_id[node.id] = item
        self._siblings[node.parent_id if above else None, item.way[-1]].append(item)
        self._register(item)
        if node.details.ref:
            self._by_ref[node.details.ref] = item

    def _register(self, item: Item) -> None:
        self._by_way[item.way][item] = self._by_name[item.way[-1]][item] = None

    def _begin(self, lines: Iterable[Line]) -> None:
        new: dict[str, Item] = {}
        for line in lines:
            item = self._of_line(line, new)
            self._at[item] = len(self.lines)
            self.lines.append(item)
        for item in self.lines:
            if not item.problems:
                self._open[item] = self._parent_text(item)
        self._settle_all()

    def _of_line(self, line: Line, new: dict[str, Item]) -> Item:
        """The item of a line with an id or a number; one of its own for any other, which is found later."""
        ref, own = line.cells.get("ref", ""), line.cells.get("id", "")
        there, problem = self._meant(ref, own)
        other = there.line if there else new[ref].line if ref in new else None
        if line.problem or problem:
            return Item(line=line, problems=[line.problem or problem or ""])
        if other:
            told = _("The number “{ref}” stands in line {line} as well.")
            return Item(line=line, problems=[told.format(ref=(own or ref)[:60], line=other.number)])
        item = there or Item(line=line)
        item.line = line
        if ref and self._by_ref.setdefault(ref, item) is item and there is None:
            new[ref] = item
        return item

    def _meant(self, ref: str, own: str) -> tuple[Item | None, str | None]:
        """The place that is there with this id, else with this number; and what is wrong with them."""
        numbered = self._by_ref.get(ref)
        if not own:
            return numbered, None
        there = self._by_id.get(int(own)) if own.isascii() and own.isdigit() and len(own) < 18 else None
        if there is None:
            told = _("place id: there is no place “{id}” in your part of the tree. A new place has none.")
            return None, told.format(id=own[:40])
        return there, tree.taken_elsewhere() if numbered not in (None, there) else None

    def _parent_text(self, item: Item) -> str:
        return item.line.cells.get("parent", "") if item.line else ""

    def _settle_all(self) -> None:
        self._drain(list(self._open))
        for _level in range(DEEPEST):
            before = len(self._open)
            for item in list(self._open):
                parent = self._anywhere(item) if item in self._open else None
                if parent is not None:
                    self._drain(self._settle(item, parent))
            if len(self._open) == before:
                break
        self._refuse_the_rest()

    def _drain(self, items: list[Item]) -> None:
        ready = deque(items)
        while ready:
            ready.extend(self._try(ready.popleft()))

    def _try(self, item: Item) -> list[Item]:
        """Settle an item if its parent is known; who waited for it. Else it waits itself."""
        text = self._open.get(item)
        if text is None:
            return []
        if not text:
            return self._settle(item, None)
        by_ref = self._by_ref.get(text)
        if by_ref is not None:
            if by_ref not in self._open or by_ref.node is not None:
                return self._settle(item, by_ref)
            self._waiting[text].append(item)
            return []
        way = tuple(map(folded, place_sheet.names_of(text)))
        found = list(self._by_way.get(way, ()))
        if len(found) == 1:
            return self._settle(item, found[0])
        if found:
            told = _("{n} places are called “{name}”: give the number (ref) of the one that is meant.")
            return self._give_up(item, told.format(n=len(found), name=text[:80]))
        self._waiting[way].append(item)
        return []

    def _anywhere(self, item: Item) -> Item | None:
        """The one place of the parent's name, wherever it lies."""
        names = place_sheet.names_of(self._open[item])
        found = list(self._by_name.get(folded(names[0]), ())) if len(names) == 1 else []
        return found[0] if len(found) == 1 else None

    def _settle(self, item: Item, parent: Item | None) -> list[Item]:
        line = item.line
        if line is None:
            return []
        del self._open[item]
        if item.node is not None:
            return self._put(item, parent)
        if not item.name:
            return []
        found = self._same(item, parent)
        if isinstance(found, str):
            item.problems.append(found)
            return []
        if found is not None:
            self._become(item, found)
            item = found
        else:
            self._new.setdefault((parent, folded(item.name)), item)
        return self._put(item, parent)

    def _put(self, item: Item, parent: Item | None) -> list[Item]:
        """Into its parent, for good; who waited for that."""
        given = item.line is not None and "parent" in item.line.cells
        if item.node is not None and (not given or (parent is None and self.is_root(item))):
            parent = item.parent
        elif parent is None and not self._everywhere:
            item.problems.append(_("Give the parent: only who looks after everything puts places at the top."))
            return []
        item.parent, item.way = parent, (*(parent.way if parent else ()), folded(item.name))
        if len(item.way) > DEEPEST:
            item.problems.append(_("It would lie more than {most} levels deep.").format(most=DEEPEST))
            return []
        self._register(item)
        return self._waiting.pop(item.ref, []) + self._waiting.pop(item.way, [])

    def _same(self, item: Item, parent: Item | None) -> Item | str | None:
        """The place that this line without a known number means; None for a new one; or why that is not clear."""
        name, ref = folded(item.name), item.ref
        above = parent.node.id if parent and parent.node else None
        there = self._siblings.get((above, name), []) if parent is None or parent.node else []
        there = [each for each in there if each.line is None or folded(each.name) == name]  # some get another name
        if ref:
            free = [each for each in there if each.line is None and each.node and each.node.details.ref is None]
            other = self._new.get((parent, name))
            return free[0] if len(free) == 1 else self._twice(other) if other and not other.ref else None
        if len(there) > 1:
            told = _("{n} places are called “{name}” there: give the number (ref) of the one that is meant.")
            return told.format(n=len(there), name=item.name[:80])
        other = there[0] if there and there[0].line else self._new.get((parent, name))
        if other is not None and other.line is not None:
            return self._twice(other)
        return there[0] if there else None

    def _twice(self, other: Item) -> str:
        told = _("Line {line} tells of the same place: it has the same name and the same parent.")
        return told.format(line=other.line.number if other.line else 0)

    def _become(self, item: Item, there: Item) -> None:
        """A line turned out to mean a place that is there."""
        there.line = item.line
        self.lines[self._at[item]] = there
        if self._by_ref.get(item.ref) is item:
            self._by_ref[item.ref] = there

    def _give_up(self, item: Item, problem: str) -> list[Item]:
        del self._open[item]
        item.problems.append(problem)
        return []

    def _refuse_the_rest(self) -> None:
        """What is left waits for a place that there isn't, for a line that can't be, or in a circle."""
        named: dict[str, Item] = {}
        for item in self._open:
            named.setdefault(folded(item.name), item)
        ahead: dict[Item, Item] = {}
        for item, text in self._open.items():
            names = place_sheet.names_of(text)
            above = self._by_ref.get(text) or (named.get(folded(names[-1])) if names else None)
            if above is not None and above in self._open:
                ahead[item] = above
        round_ = rounds(ahead)
        for item, text in self._open.items():
            if item in round_:
                item.problems.append(round_[item])
            elif item in ahead and ahead[item].line:
                told = _("It lies in the place of line {line}, which cannot be found itself.")
                item.problems.append(told.format(line=ahead[item].line.number))  # type: ignore[union-attr]
            else:
                told = _("There is no place “{name}” to lie in, neither in your part of the tree nor in the file.")
                item.problems.append(told.format(name=text[:80]))
        self._open.clear()


def rounds(ahead: Mapping[Item, Item | None]) -> dict[Item, str]:
    """The places from which one comes back to them, each with a sentence that names the lines of its circle."""
    lines = {
        item: sorted(each.line.number for each in circle if each.line) for item, circle in circles.found(ahead).items()
    }
    return {item: circles.sentence(numbers) for item, numbers in lines.items()}
