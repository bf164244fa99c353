"""The tree of places in the order of a page."""

from collections.abc import Sequence

from sync.office.places import Location


def in_order(groups: dict[int, Location]) -> list[int]:
    """Groups by name, each followed by the groups in it."""

    def key(group: Location) -> list[tuple[str, int]]:
        chain = [groups[int(part)] for part in group.path.split("/") if part and int(part) in groups]
        return [(each.name.casefold(), each.id) for each in chain]

    return [group.id for group in sorted(groups.values(), key=key)]


def home(leaf: Location, groups: dict[int, Location]) -> int | None:
    """The nearest group above a place."""
    above = [int(part) for part in leaf.path.split("/") if part][:-1]
    return next((number for number in reversed(above) if number in groups), None)


def above(leaf: Location, groups: dict[int, Location]) -> tuple[Location, ...]:
    """The groups that a place is in, from the top down."""
    numbers = [int(part) for part in leaf.path.split("/") if part][:-1]
    return tuple(groups[number] for number in numbers if number in groups)


def by_name(nodes: Sequence[Location]) -> list[Location]:
    return sorted(nodes, key=lambda node: (node.name.casefold(), node.id))
