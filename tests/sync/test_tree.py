"""The tree of places: what is refused, what is written down, and that history stays where it was given."""

import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.event import listen, remove

from sync import models
from sync.db import Database
from sync.intake import tally
from sync.office import audit, places, tree
from sync.office.audit import COMMAND
from sync.office.edits import Changed
from sync.office.forms import Wrong
from sync.office.rights import Grant, Rights
from sync.office.tree import Details
from sync.rows import append
from tests.sync.conftest import Clock
from tests.sync.norway import Chain

OSLO_TIME, TOKYO = "Europe/Oslo", "Asia/Tokyo"


@pytest.fixture
def chain(a_centre: Any, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def paths(database: Database) -> dict[int, str]:
    with database.reading() as tx:
        return {row.id: row.path for row in tx.execute(select(models.locations))}


def expected_paths(database: Database) -> dict[int, str]:
    """From the parents alone."""
    with database.reading() as tx:
        parents = {row.id: row.parent_id for row in tx.execute(select(models.locations))}

    def path(number: int | None, seen: tuple[int, ...] = ()) -> str:
        assert number not in seen, f"{number} lies in itself"
        return "/" if number is None else f"{path(parents[number], (*seen, number))}{number}/"

    return {number: path(number) for number in parents}


def version(chain: Chain, place: int) -> int:
    with chain.centre.db.reading() as tx:
        return tree.get(tx, place).version


def move(chain: Chain, place: int, parent: int | None) -> int:
    with chain.centre.db.writing() as tx:
        return tree.move(tx, COMMAND, place, parent, tree.get(tx, place).version, chain.clock())


def change(chain: Chain, place: int, **changes: Any) -> None:
    with chain.centre.db.writing() as tx:
        node = tree.get(tx, place)
        kept = {field: getattr(node.details, field) for field in Details.__dataclass_fields__}
        tree.change(tx, COMMAND, place, node.version, Details(**kept | changes), chain.clock())


def verified(chain: Chain) -> str | None:
    with chain.centre.db.reading() as tx:
        return tally.verify(tx)


def days(chain: Chain, place: int) -> list[Any]:
    with chain.centre.db.reading() as tx:
        table = models.tallies_hour
        query = select(table.c.hour, table.c.n).where(table.c.location_id == place).order_by(table.c.hour)
        return [tuple(row) for row in tx.execute(query)]


def test_a_place_is_added_and_written_down(chain: Chain) -> None:
    with chain.centre.db.writing() as tx:
        number = tree.add(tx, COMMAND, chain.norway, Details(" Alta ", ref="0421"), chain.clock())
        noted = tx.execute(select(models.audit).order_by(models.audit.c.id.desc())).first()
    assert paths(chain.centre.db) == expected_paths(chain.centre.db)
    assert noted is not None
    assert (noted.action, noted.subject, noted.name, noted.actor) == ("place added", str(number), "Alta", COMMAND.name)
    assert noted.after == '{"name":"Alta","kind":"store","ref":"0421"}'


WRONG = [
    (Details("x" * 10_000), "name", "not 10000"),
    (Details("Oslo\u202eevil"), "name", "turns the direction"),
    (Details(" "), "name", "not 0"),
    (Details("Alta", kind="shop"), "kind", "a group, a store or a crew"),
    (Details("Alta", zone="Europe/Olso"), "zone", "Do you mean Europe/Oslo?"),
    (Details("Alta", zone="amsterdam"), "zone", "Do you mean Europe/Amsterdam?"),
    (Details("Alta", zone="Mars/Base"), "zone", "Names look like"),
    (Details("Alta", zone="../../etc/passwd"), "zone", "no time zone"),
    (Details("Alta", ref="r" * 61), "ref", "not 61"),
    (Details("Alta", opened_day=20_000, closed_day=19_000), "closed_day", "before the first"),
    (Details("Alta", opened_day=10**8), "opened_day", "between 1800 and 2199"),
]


def test_what_a_place_cannot_be(chain: Chain) -> None:
    for details, field, sentence in WRONG:
        with chain.centre.db.writing() as tx, pytest.raises(Wrong) as refused:
            tree.add(tx, COMMAND, chain.norway, details, chain.clock())
        assert list(refused.value.fields) == [field]
        assert sentence in refused.value.fields[field]


def test_a_number_is_one_places_own(chain: Chain) -> None:
    change(chain, chain.malmo, ref="7")
    at_home = Rights((Grant("admin", chain.norway, f"/{chain.norway}/"),))
    for seen, sentence in (
        (None, "Another place"),
        (at_home, "Another place"),
        (Rights((Grant("admin", None, "/"),)), "Malmö"),
    ):
        with chain.centre.db.writing() as tx, pytest.raises(Wrong, match=sentence):
            tree.add(tx, COMMAND, chain.norway, Details("Alta", ref="7"), chain.clock(), seen=seen)


def test_two_people_at_one_place(chain: Chain) -> None:
    old = version(chain, chain.oslo)
    change(chain, chain.oslo, name="Oslo S")
    with chain.centre.db.writing() as tx, pytest.raises(Changed):
        tree.change(tx, COMMAND, chain.oslo, old, Details("Oslo City"), chain.clock())
    with chain.centre.db.writing() as tx, pytest.raises(Changed):
        tree.move(tx, COMMAND, chain.oslo, chain.sweden, old, chain.clock())
    with chain.centre.db.writing() as tx, pytest.raises(Changed):
        tree.remove(tx, COMMAND, chain.oslo, old, chain.clock())


def test_a_group_moves_with_everything_below_it_and_its_history(chain: Chain) -> None:
    chain.visits(chain.oslo, [3, 2, 0])
    counted = days(chain, chain.oslo)
    west = chain.group("Nordics")
    chain.clock.ms += 3_600_000
    move(chain, chain.norway, west)
    assert paths(chain.centre.db) == expected_paths(chain.centre.db)
    assert paths(chain.centre.db)[chain.oslo] == f"/{west}/{chain.norway}/{chain.oslo}/"
    assert days(chain, chain.oslo) == counted
    chain.visits(chain.oslo, [3])
    assert verified(chain) is None


def test_where_a_place_cannot_go(chain: Chain) -> None:
    west = chain.group("West", chain.norway)
    before = paths(chain.centre.db)
    for place, to in ((chain.norway, chain.norway), (chain.norway, west), (chain.malmo, chain.oslo), (chain.oslo, 999)):
        with pytest.raises(Wrong) as refused:
            move(chain, place, to)
        assert list(refused.value.fields) == ["parent"]
    assert paths(chain.centre.db) == before


def test_a_change_of_zone_leaves_what_was_counted(chain: Chain) -> None:
    chain.visits(chain.oslo, [3, 2, 0])
    counted = days(chain, chain.oslo)
    change(chain, chain.norway, zone=TOKYO)
    assert days(chain, chain.oslo) == counted
    assert verified(chain) is None
    # One from before arrives late: it still counts by the clock that hung there then. One from after doesn't.
    chain.visits(chain.bergen, [1])
    assert {hour % 24 for hour, _ in days(chain, chain.bergen)} == {1}
    chain.clock.ms += 86_400_000
    chain.visits(chain.bergen, [1])
    assert {hour % 24 for hour, _ in days(chain, chain.bergen)} == {1, 9}
    change(chain, chain.oslo, zone=OSLO_TIME)
    move(chain, chain.bergen, chain.sweden)
    chain.clock.ms += 86_400_000
    chain.visits(chain.bergen, [1])
    assert verified(chain) is None
    with chain.centre.db.writing() as tx:
        tally.rebuild(tx, chain.clock())
    assert {hour % 24 for hour, _ in days(chain, chain.bergen)} == {1, 9}
    assert verified(chain) is None


def test_what_something_hangs_on_is_never_deleted(chain: Chain) -> None:
    with chain.centre.db.writing() as tx:
        alta = tree.add(tx, COMMAND, chain.norway, Details("Alta"), chain.clock())
    for place, sentence in ((chain.oslo, "touchpoints"), (chain.norway, "places below it")):
        with chain.centre.db.writing() as tx, pytest.raises(Wrong, match=sentence):
            tree.remove(tx, COMMAND, place, 1, chain.clock())
    with chain.centre.db.writing() as tx:
        tree.remove(tx, COMMAND, alta, 1, chain.clock())
    assert alta not in paths(chain.centre.db)


def test_a_group_with_places_stays_one(chain: Chain) -> None:
    with pytest.raises(Wrong, match="stays a group"):
        change(chain, chain.norway, kind="store")
    with pytest.raises(Wrong, match="cannot become a group"):
        change(chain, chain.oslo, kind="group")
    change(chain, chain.oslo, kind="crew")


def test_one_adds_while_another_moves(chain: Chain) -> None:
    """Both wait for each other in some order; whichever it is, every path is right."""
    west = chain.group("West")
    db = chain.centre.db
    with db.reading():  # readers don't hinder them
        adding = [
            threading.Thread(target=_added, args=(db, chain.norway, f"Shop {number}", chain.clock()))
            for number in range(8)
        ]
        adding.insert(4, threading.Thread(target=lambda: move(chain, chain.norway, west)))
        for thread in adding:
            thread.start()
        for thread in adding:
            thread.join()
    assert len(paths(db)) == 15
    assert paths(db) == expected_paths(db)


def _added(db: Database, parent: int, name: str, now_ms: int) -> None:
    with db.writing() as tx:
        tree.add(tx, COMMAND, parent, Details(name), now_ms)


def test_two_moves_that_would_make_a_circle(chain: Chain) -> None:
    """One is refused, whichever comes second."""
    one, other = chain.group("One"), chain.group("Other")
    refused: list[str] = []

    def go(place: int, parent: int) -> None:
        try:
            move(chain, place, parent)
        except Wrong as problem:
            refused.append(str(problem))

    both = [threading.Thread(target=go, args=pair) for pair in ((one, other), (other, one))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(refused) == 1
    assert paths(chain.centre.db) == expected_paths(chain.centre.db)


def test_ten_thousand_places_move_in_a_few_statements(chain: Chain) -> None:
    west = chain.group("West", chain.norway)
    numbers, above = range(1_000, 11_000), f"/{chain.norway}/{west}/"
    with chain.centre.db.writing() as tx:
        shops = [(n, west, f"{above}{n}/", "store", f"Shop {n}", *[None] * 5, 1) for n in numbers]
        append(tx, models.locations, shops)
        append(tx, models.touchpoints, [(n, n, "Till", None, None, None, 1) for n in numbers])
    asked: list[str] = []

    def note(*event: Any) -> None:
        asked.append(event[2])

    listen(chain.centre.db.engine, "before_cursor_execute", note)
    move(chain, west, chain.sweden)
    remove(chain.centre.db.engine, "before_cursor_execute", note)
    with chain.centre.db.reading() as tx:
        below = places.below([f"/{chain.sweden}/{west}/"])
        assert tx.execute(select(func.count()).where(below)).scalar_one() == 10_001
        assert tx.execute(select(func.count()).select_from(models.former_zones)).scalar_one() == 10_000
    assert len(asked) < 150


STEP = st.tuples(st.sampled_from(["add", "move", "close", "zone", "remove"]), st.integers(0, 30), st.integers(0, 30))


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, min_size=5, max_size=25))
def test_whatever_is_done_to_the_tree_it_stays_one(chain: Chain, steps: list[tuple[str, int, int]]) -> None:
    """Paths are always those of the parents, nothing lies in itself, what was counted stays, and a recount agrees."""
    chain.visits(chain.oslo, [3])
    counted = sum(n for _, n in days(chain, chain.oslo))
    with chain.centre.db.writing() as tx:
        for step in steps:
            _one_step(tx, chain, *step)
            chain.clock.ms += 1_000
    assert paths(chain.centre.db) == expected_paths(chain.centre.db)
    assert sum(n for _, n in days(chain, chain.oslo)) == counted
    assert verified(chain) is None


def _one_step(tx: Any, chain: Chain, deed: str, one: int, other: int) -> None:
    nodes = tx.execute(select(models.locations).order_by(models.locations.c.id)).all()
    place, parent = nodes[one % len(nodes)], [*nodes, None][other % (len(nodes) + 1)]
    node = tree.get(tx, place.id)
    by, now_ms = audit.Actor("somebody"), chain.clock()
    try:
        if deed == "add":
            kind = ("group", "store", "crew")[other % 3]
            tree.add(tx, by, parent.id if parent else None, Details(f"New {one}", kind), now_ms)
        elif deed == "move":
            tree.move(tx, by, place.id, parent.id if parent else None, place.version, now_ms)
        elif deed == "remove":
            tree.remove(tx, by, place.id, place.version, now_ms)
        else:
            own = {**node.details.__dict__}
            own |= {"closed_day": other} if deed == "close" else {"zone": (None, TOKYO, OSLO_TIME)[other % 3]}
            tree.change(tx, by, place.id, place.version, Details(**own), now_ms)
    except Wrong:
        pass
