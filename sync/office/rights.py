"""Who may do what where: roles, and the part of the tree at which somebody has them. Pure.

Nobody may anything that isn't named here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

Permission = Literal["see", "responses", "places", "devices", "surveys", "people", "keys", "audit"]
"""`see`: scores, and how complete they are. `responses`: single answers, comments, and who asked to be called.
`places`: the tree, its touchpoints, how its screens look. `devices`: pairing, moving, taking out of service.
`surveys`: writing, publishing, scheduling. `people`: accounts and what they may. `keys`: those of machines. `audit`:
who did what."""
PERMISSIONS: frozenset[Permission] = frozenset(get_args(Permission))

Role = Literal["admin", "analyst", "manager", "crew", "viewer"]
ROLES: dict[str, frozenset[Permission]] = {
    "admin": PERMISSIONS,
    "analyst": frozenset({"see", "responses"}),
    "manager": frozenset({"see", "responses", "devices"}),
    "crew": frozenset({"see"}),
    "viewer": frozenset({"see"}),
}
KEYS: dict[str, frozenset[Permission]] = {
    "read key": frozenset({"see"}),
    "responses key": frozenset({"see", "responses"}),
    "import key": frozenset({"see", "places"}),
}
"""What a machine may by its key; nobody is granted these."""
_GIVES = {**ROLES, **KEYS}
EVERYWHERE = "/"
"""The path of the whole tree."""


@dataclass(frozen=True)
class Grant:
    """A role at a location and below it; `location` None and `path` "/": everywhere."""

    role: str
    location: int | None
    path: str


@dataclass(frozen=True)
class Rights:
    """Everything somebody was granted. A path is a location's: "/1/4/"."""

    grants: tuple[Grant, ...]

    def may(self, permission: Permission, path: str) -> bool:
        """At this location."""
        return any(path.startswith(each.path) for each in self._with(permission))

    def may_all(self, permission: Permission, paths: Iterable[str]) -> bool:
        """At each of these locations, of which there is at least one."""
        every = list(paths)
        return bool(every) and all(self.may(permission, path) for path in every)

    def may_somewhere(self, permission: Permission) -> bool:
        return any(self._with(permission))

    def roots(self, permission: Permission = "see") -> tuple[str, ...]:
        """The paths of the topmost locations at which they may, none of them below another."""
        paths = sorted({each.path for each in self._with(permission)})
        return tuple(path for path in paths if not any(path != top and path.startswith(top) for top in paths))

    def is_admin(self) -> bool:
        return any(each.role == "admin" for each in self.grants)

    def covers(self, other: "Rights") -> bool:
        """Whether the other was granted nothing but what an administrator of these places may give."""
        return self.may_all("people", (each.path for each in other.grants))

    def _with(self, permission: Permission) -> Iterable[Grant]:
        return (each for each in self.grants if permission in _GIVES[each.role])
