"""Places as a table: its columns, and what stands in each cell. The export writes them, the import reads them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sync.office import hours_cells, local_time
from sync.office.forms import Wrong
from sync.office.sheets import Cell
from sync.office.tongue import _
from sync.office.tree import Details, Node

COLUMNS = {
    "ref": "ref",
    "name": "name",
    "kind": "kind",
    "parent": "parent",
    "zone": "time zone",
    "hours": "opening hours",
    "opened": "opened",
    "closed": "closed",
    "touchpoints": "touchpoints",
    "id": "place id",
}
"""By the name of a column in code: as the export heads it."""
KNOWN = ", ".join(COLUMNS.values())
_ALSO = {
    "ref": ("number", "no", "id", "nummer", "nr", "kenmerk", "kennung", "الرقم"),
    "name": ("place", "naam", "vestiging", "filiale", "الاسم"),
    "kind": ("type", "soort", "art", "typ", "النوع"),
    "parent": ("group", "belongs to", "above", "hoort bij", "groep", "gehört zu", "gruppe", "المجموعة"),
    "zone": ("zone", "timezone", "tijdzone", "zeitzone", "المنطقة الزمنية"),
    "hours": ("hours", "openingstijden", "öffnungszeiten", "ساعات العمل"),
    "opened": ("open since", "first day", "geopend", "eröffnet", "تاريخ الافتتاح"),
    "closed": ("last day", "gesloten", "geschlossen", "تاريخ الإغلاق"),
    "touchpoints": ("touchpoint", "contactpunten", "kontaktpunkte", "نقاط الاتصال"),
    "id": (),
}
_KINDS = {
    "group": ("groep", "gruppe", "مجموعة"),
    "store": ("shop", "winkel", "vestiging", "filiale", "laden", "متجر"),
    "crew": ("team", "ploeg", "فريق"),
}
_NAMED = {name: key for key, head in COLUMNS.items() for name in (head, *_ALSO[key])}
_KIND_NAMED = {name: kind for kind, names in _KINDS.items() for name in (kind, *names)}
_ALONE = re.compile(r"(?<!/)/(?!/)")
_BAR = re.compile(r"(?<!\|)\|(?!\|)")
_OTHER_DAY = re.compile(r"(\d{1,2})[.-](\d{1,2})[.-](\d{4})", re.ASCII)


def column(head: str) -> str | None:
    """The column that somebody means, in any case and in the languages of the pages."""
    return _NAMED.get(" ".join(head.replace("_", " ").casefold().split()))


def way(names: Iterable[str], refs: Mapping[str, Any]) -> str:
    """A place by the names on the way to it, from the top; it is never one of the numbers `refs`."""
    text = " / ".join(name.replace("/", "//") for name in names)
    while text in refs:
        text = f"/ {text}"
    return text


def names_of(text: str) -> list[str]:
    """The names of `way`."""
    parts = (part.strip().replace("//", "/") for part in _ALONE.split(text))
    return [part for part in parts if part]


def several(names: Iterable[str]) -> str:
    """Names in one cell."""
    return " | ".join(name.replace("|", "||") for name in names)


def each_of(text: str) -> list[str]:
    """The names of `several`."""
    parts = (part.strip().replace("||", "|") for part in _BAR.split(text))
    return [part for part in parts if part]


def cells(details: Details) -> dict[str, str]:
    """What stands in the cells of a place itself."""
    return {
        "ref": details.ref or "",
        "name": details.name,
        "kind": details.kind,
        "zone": details.zone or "",
        "hours": hours_cells.written(details.hours) if details.own_hours else "",
        "opened": _day(details.opened_day),
        "closed": _day(details.closed_day),
    }


def _day(day: int | None) -> str:
    return "" if day is None else local_time.date_of(day).isoformat()


def read(given: Mapping[str, str], before: Details | None) -> tuple[Details, dict[str, str]]:
    """What a line makes of a place (None: of a new one), and a sentence for each cell that can't be read. A column that
    isn't there, and a cell that says what is, changes nothing."""
    details, problems = before or Details(""), {}
    old = cells(before) if before else {}
    for name, text in given.items():
        if name not in _CELLS or (before is not None and text == old[name]):
            continue
        try:
            details = replace(details, **_CELLS[name](text))
        except Wrong as problem:
            problems[name] = str(problem)
    return details, problems


def _ref(text: str) -> dict[str, Any]:
    return {"ref": text} if text else {}


def _kind(text: str) -> dict[str, Any]:
    """An empty cell leaves it as it is; what is none is said by the rules of the tree."""
    plain = text.casefold()
    return {"kind": _KIND_NAMED.get(plain, plain[:20])} if plain else {}


def _hours(text: str) -> dict[str, Any]:
    return {"own_hours": bool(text), "hours": hours_cells.read(text) if text else None}


def _read_day(text: str) -> int | None:
    if not text:
        return None
    other = _OTHER_DAY.fullmatch(text)
    try:
        found = date(int(other[3]), int(other[2]), int(other[1])) if other else date.fromisoformat(text)
    except ValueError:
        raise Wrong({"": _("“{text}” is no day: a day looks like 2026-03-31.").format(text=text[:40])}) from None
    return local_time.day_number(found)


_CELLS: dict[str, Callable[[str], dict[str, Any]]] = {
    "ref": _ref,
    "name": lambda text: {"name": text},
    "kind": _kind,
    "zone": lambda text: {"zone": text or None},
    "hours": _hours,
    "opened": lambda text: {"opened_day": _read_day(text)},
    "closed": lambda text: {"closed_day": _read_day(text)},
}


def rows(nodes: Iterable[Node], touchpoints: Mapping[int, list[str]]) -> Iterator[list[Cell]]:
    """The lines of these places, parents before children. Whose parent isn't among them stands at the top."""
    listed = list(nodes)
    known = {node.id: node for node in listed}
    refs = {node.details.ref: node for node in listed if node.details.ref}
    ways: dict[int, list[str]] = {}
    for node in listed:
        above = known.get(node.parent_id or 0)
        ways[node.id] = [*(ways[above.id] if above else []), node.details.name]
        parent = "" if above is None else above.details.ref or way(ways[above.id], refs)
        told = cells(node.details) | {"parent": parent, "touchpoints": several(touchpoints.get(node.id, ()))}
        told["id"] = str(node.id)
        yield [told[name] for name in COLUMNS]
