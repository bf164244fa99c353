"""Roles and where they hold, without a database."""

from hypothesis import given
from hypothesis import strategies as st

from sync.office.rights import PERMISSIONS, ROLES, Grant, Rights

PATHS = ["/", "/1/", "/1/4/", "/1/4/7/", "/1/40/", "/2/", "/2/5/", "/20/"]
GRANTS = st.lists(st.builds(Grant, st.sampled_from(sorted(ROLES)), st.none(), st.sampled_from(PATHS)), max_size=4)


def test_what_a_role_may() -> None:
    assert ROLES["admin"] == PERMISSIONS
    assert all("see" in permissions for permissions in ROLES.values())
    assert [role for role in ROLES if "responses" in ROLES[role]] == ["admin", "analyst", "manager"]
    assert [role for role in ROLES if ROLES[role] & {"places", "surveys", "people", "keys", "audit"}] == ["admin"]


def test_a_path_that_begins_alike_is_not_below() -> None:
    bjorn = Rights((Grant("admin", 4, "/1/4/"),))
    assert bjorn.may("places", "/1/4/7/")
    assert not bjorn.may("places", "/1/40/")
    assert not bjorn.may("places", "/1/")


@given(GRANTS, st.sampled_from(PATHS), st.sampled_from(sorted(PERMISSIONS)))
def test_the_topmost_paths_say_the_same_as_the_grants(grants: list[Grant], path: str, permission: str) -> None:
    rights = Rights(tuple(grants))
    roots = rights.roots(permission)  # type: ignore[arg-type]
    assert rights.may(permission, path) == path.startswith(roots)  # type: ignore[arg-type]
    assert not any(one != other and one.startswith(other) for one in roots for other in roots)
    assert rights.may_somewhere(permission) == bool(roots)  # type: ignore[arg-type]


@given(GRANTS)
def test_nobody_may_anything_without_a_grant(grants: list[Grant]) -> None:
    assert not any(Rights(()).may(each, path) for each in PERMISSIONS for path in PATHS)  # type: ignore[arg-type]
    assert not Rights(tuple(grants)).may_all("see", [])


def test_an_administrator_gives_only_what_lies_below() -> None:
    oslo = Rights((Grant("admin", 4, "/1/4/"),))
    assert oslo.covers(Rights((Grant("viewer", 7, "/1/4/7/"),)))
    assert not oslo.covers(Rights((Grant("viewer", 7, "/1/4/7/"), Grant("viewer", 2, "/2/"))))
    assert not oslo.covers(Rights(()))
