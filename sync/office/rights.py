"""Who may do what where: roles, and the part of the tree at which somebody has them. Pure.

Nobody may anything that isn't named here."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self, get_args

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
OF_CREWS = frozenset({"crew", "manager"})
"""Whoever has such a role at a crew or above it sees what that crew was answered; nobody else does, whatever they may,
but by a role at that very crew or by an agreement (sync.office.agreements)."""


class Reach(str):
    """A path at and below which somebody reads what customers answered. `crews`: at and below these paths they see
    single crews, too. A path that says nothing about crews shows none."""

    crews: tuple[str, ...]

    def __new__(cls, path: str, crews: Iterable[str] = ()) -> Self:
        made = super().__new__(cls, path)
        made.crews = tuple(crews)
        return made


def with_crews(path: str) -> Reach:
    """A path with all of its crews: for what works on behalf of nobody in particular, and shows nobody anything."""
    return Reach(path, (EVERYWHERE,))


@dataclass(frozen=True)
class Grant:
    """A role at a location and below it; `location` None and `path` "/": everywhere. `at_crew`: that is a crew."""

    role: str
    location: int | None
    path: str
    at_crew: bool = False


@dataclass(frozen=True)
class Rights:
    """Everything somebody was granted. A path is a location's: "/1/4/". `agreed`: at and below these paths an agreement
    opens single crews to whoever sees the place."""

    grants: tuple[Grant, ...]
    agreed: tuple[str, ...] = ()

    def may(self, permission: Permission, path: str) -> bool:
        """At this location."""
        return any(path.startswith(each.path) for each in self._with(permission))

    def may_all(self, permission: Permission, paths: Iterable[str]) -> bool:
        """At each of these locations, of which there is at least one."""
        every = list(paths)
        return bool(every) and all(self.may(permission, path) for path in every)

    def may_somewhere(self, permission: Permission) -> bool:
        return any(self._with(permission))

    def roots(self, permission: Permission = "see") -> tuple[Reach, ...]:
        """The paths of the topmost locations at which they may, none of them below another."""
        crews = self.crews(permission)
        return tuple(Reach(path, crews) for path in _topmost(each.path for each in self._with(permission)))

    def reach(self, path: str, permission: Permission = "see") -> Reach:
        """This path, with the crews there that they see one by one."""
        return Reach(path, self.crews(permission))

    def crews(self, permission: Permission = "see") -> tuple[str, ...]:
        """At and below these paths they see single crews, as far as they may anything there."""
        own = (each.path for each in self._with(permission) if each.role in OF_CREWS or each.at_crew)
        return _topmost((*own, *self.agreed))

    def sees_crew(self, path: str, permission: Permission = "see") -> bool:
        """Whether they see what the crew with this path was answered, apart from others."""
        return self.may(permission, path) and path.startswith(self.crews(permission))

    def sees_singles(self, paths: Iterable[str]) -> bool:
        """Whether they may read single answers at each of these places, of which there is at least one, and of every
        crew there that they see."""
        every, single = list(paths), self.crews("responses")
        inner = [max(path, crew, key=len) for path in every for crew in self.crews() if _meet(path, crew)]
        return self.may_all("responses", every) and all(path.startswith(single) for path in inner)

    def is_admin(self) -> bool:
        return any(each.role == "admin" for each in self.grants)

    def covers(self, other: "Rights") -> bool:
        """Whether the other was granted nothing but what an administrator of these places may give."""
        return self.may_all("people", (each.path for each in other.grants))

    def _with(self, permission: Permission) -> Iterable[Grant]:
        return (each for each in self.grants if permission in _GIVES[each.role])


def _meet(a: str, b: str) -> bool:
    return a.startswith(b) or b.startswith(a)


def _topmost(found: Iterable[str]) -> tuple[str, ...]:
    """Of these paths those that lie below no other."""
    paths = sorted(set(found))
    return tuple(path for path in paths if not any(path != top and path.startswith(top) for top in paths))
