"""What lies in itself, round in a circle: in a file of places one can write that down."""

from collections.abc import Hashable, Mapping, Sequence
from typing import TypeVar

from sync.office.tongue import _

Thing = TypeVar("Thing", bound=Hashable)


def found(ahead: Mapping[Thing, Thing | None]) -> dict[Thing, list[Thing]]:
    """The things from which one comes back to them (`ahead`: from each the next), each with its circle."""
    round_: dict[Thing, list[Thing]] = {}
    seen: dict[Thing, int] = {}
    for number, start in enumerate(ahead):
        steps: list[Thing] = []
        thing: Thing | None = start
        while thing is not None and thing not in seen:
            seen[thing] = number
            steps.append(thing)
            thing = ahead.get(thing)
        if thing is not None and seen[thing] == number and thing in steps:
            circle = steps[steps.index(thing) :]
            round_ |= dict.fromkeys(circle, circle)
    return round_


def sentence(lines: Sequence[int]) -> str:
    """Of a circle, by the lines of the file that make it."""
    if len(lines) == 1:
        return _("It would lie in itself.")
    shown = ", ".join(map(str, lines[:8])) + (" …" if len(lines) > 8 else "")
    return _("The lines {lines} lie in each other, round in a circle.").format(lines=shown)
