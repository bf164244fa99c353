"""Whose words may be read by those who may not see single answers, such as a crew that knows its doors and the order of
its day. Pure.

Words are told in groups, each of at least FEW answers of which none was in a group before, with words or without. Who
lays one morning's page beside another's finds, of what is new, only that somebody of such a group wrote it. A day with
enough answers is a group; days with fewer wait for the next ones, up to four weeks, and are told together with them.

Which comments were told is known one by one. Of answers without words only how many stood under a day when it was told
is known, and who is counted may change: flags come and go, answers move and are changed. What is assumed of them is the
most that can have been told already; so a group may wait for one answer too many, never for one too few."""

from collections.abc import Mapping
from typing import NamedTuple

from sync.intake import atoms


class Waiting(NamedTuple):
    """Of one local day: how many comments count that were never told, and how many answers without words count (told
    ones whose words are gone are not among them). `moved`: so many at most came from another day or place, where they
    may have been told. `steady`: nothing that counted there since the day was over counts no longer."""

    worded: int
    wordless: int
    moved: int = 0
    steady: bool = True


class Telling(NamedTuple):
    """The days that are told, by the last of those that stand together; and how many answers without words of each of
    them were told at most, from now on."""

    groups: dict[int, list[int]]
    wordless: dict[int, int]


def tell(waiting: Mapping[int, Waiting], told: Mapping[int, int], today: int) -> Telling:
    """What the briefing of the local day `today` adds: of days before it. `told`: how many answers without words were
    told at most, by day."""
    new = {day: (_fresh(each, told.get(day, 0)),) for day, each in waiting.items()}
    groups = atoms.gather(new, today - 1, today)
    days = [day for group in groups.values() for day in group]
    return Telling(groups, {day: _after(waiting[day], told.get(day, 0)) for day in days})


def _fresh(waiting: Waiting, told: int) -> int:
    """How many answers at least are new: one that was told without words and has some now is not."""
    return max(waiting.worded + waiting.wordless - told - waiting.moved, 0)


def _after(waiting: Waiting, told: int) -> int:
    """Where others may count now than those that were told before, all of these are told as well."""
    return waiting.wordless if waiting.steady else told + waiting.wordless
