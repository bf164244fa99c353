"""Nobody who may not see single answers can reckon out what fewer than five people said: not from pages, not from the
API, not from the difference between periods, places, or one look and the next."""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync import models
from sync.centre import Centre
from sync.intake import atoms, briefings, releasing, sums
from sync.office import keys, local_time
from sync.office.audit import COMMAND
from tests.sync.conftest import Clock
from tests.sync.norway import Chain
from tests.sync.suppression import HOUR_MS, World

ROUNDS = int(os.environ.get("SMILEPOST_ROUNDS", "4"))

FACES = st.integers(0, 3)
SMALL = st.integers(0, 7)
STEPS = st.one_of(
    st.tuples(st.just("give"), SMALL, st.lists(FACES, min_size=1, max_size=8), st.integers(0, 4), st.booleans()),
    st.tuples(st.just("give"), SMALL, st.lists(FACES, min_size=5, max_size=12), st.just(0), st.booleans()),
    st.tuples(st.just("flag"), SMALL, st.integers(1, 9)),
    st.tuples(st.just("lift"), SMALL, st.integers(1, 9)),
    st.tuples(st.just("revise"), SMALL, st.integers(1, 2), FACES),
    st.tuples(st.just("place"), SMALL, st.integers(1, 9), SMALL),
    st.tuples(st.just("redate"), SMALL, st.integers(1, 9), st.integers(1, 2)),
    st.tuples(st.just("move"), SMALL, SMALL),
    st.tuples(st.just("rebuild")),
    st.tuples(st.just("wait"), st.integers(1, 30)),
    st.tuples(st.just("wait"), st.just(24)),
)


def live(world: World, steps: list[Any]) -> None:
    for number, (what, *given_) in enumerate(steps):
        if what == "give":
            world.give(*given_)
        elif what in ("flag", "lift"):
            aside = what == "flag"
            flags = "burst" if aside else ""
            world.change(world.some(*given_, aside=not aside), aside=aside, flags=flags)
        elif what == "revise":
            at, many, value = given_
            world.revise(world.some(at, many, aside=False), value)
        elif what == "place":
            at, many, to = given_
            world.change(world.some(at, many, aside=False), location=world.places[to % len(world.places)])
        elif what == "redate":
            at, many, days = given_
            for answer in world.some(at, many, aside=False):
                world.change([answer], day=answer.row.day - days)
        elif what == "move":
            world.move(*given_)
        elif what == "rebuild":
            world.rebuild()
        else:
            world.now_ms += given_[0] * HOUR_MS
            world.look(number)
    world.look()
    world.subtract()


@settings(
    max_examples=ROUNDS,
    deadline=None,
    database=None,
    derandomize="SMILEPOST_ROUNDS" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
def test_whatever_happens_fewer_than_five_are_never_told(a_centre: Centre, data: st.DataObject) -> None:
    kinds = data.draw(st.lists(st.sampled_from(("store", "crew")), min_size=2, max_size=3))
    world = World(a_centre, kinds, data.draw(st.integers(0, 2)))
    live(world, data.draw(st.lists(STEPS, min_size=4, max_size=16)))


# What must turn it red


LATE: list[Any] = [("give", 0, [0, 1, 2, 3, 3, 3], 0, False), ("wait", 24)]


def refused(world: World, steps: list[Any]) -> None:
    with pytest.raises(AssertionError):
        live(world, steps)


SQLITE_ONLY = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def stores(a_centre: Centre) -> World:
    return World(a_centre, ["store", "store", "crew"])


@SQLITE_ONLY
def test_four_are_found(stores: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atoms, "FEW", 4)
    refused(stores, [("give", 0, [0, 1, 2, 3], 0, False), ("wait", 24)])


@SQLITE_ONLY
def test_one_that_is_taken_back_at_once_is_found(stores: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def at_once(label: atoms.Label, released: Any, missing: atoms.Counts, alone: bool) -> atoms.Label:
        return label._replace(counts=atoms.less(label.counts, missing), taken=sum(missing))

    monkeypatch.setattr(atoms, "taken_back", at_once)
    refused(stores, [*LATE, *LATE, ("flag", 0, 1), ("flag", 5, 4), ("wait", 1)])


@SQLITE_ONLY
def test_a_crew_that_is_told_during_the_day_is_found(stores: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def always(*_: Any) -> bool:
        return True

    monkeypatch.setattr(briefings, "_is_briefing", always)
    crew = ("give", 2, [0, 1, 2, 3, 3, 3], 1, False)
    refused(stores, [crew, ("wait", 1), crew, ("wait", 1), crew, ("wait", 1)])


@SQLITE_ONLY
def test_a_group_that_counts_what_was_not_released_is_found(stores: World, monkeypatch: pytest.MonkeyPatch) -> None:
    live(stores, LATE)
    monkeypatch.setattr(sums, "shown_day", models.tallies_day)
    refused(stores, [("give", 1, [0, 1], 0, False), ("wait", 24)])


@SQLITE_ONLY
def test_answers_that_are_shown_where_they_were_moved_are_found(stores: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve at one place less the ten of them that count at another are two people."""
    history = [("give", 0, [0, 1, 2, 3] * 3, 0, False), ("wait", 24), ("place", 0, 10, 1), ("wait", 24)]
    monkeypatch.setattr(releasing, "carried", lambda tx, moves: None)
    refused(stores, history)


# Days in the life


@SQLITE_ONLY
def test_a_small_place_has_a_score_after_two_days(stores: World) -> None:
    live(stores, [("give", 0, [3, 3, 3], 0, False), ("wait", 24)])
    assert not stores.shown.get((stores.places[0], "", stores.today(stores.places[0]) - 1))
    live(stores, [("give", 0, [3, 3, 2], 0, False), ("wait", 24)])
    assert len(stores.shown[stores.places[0], "", stores.today(stores.places[0]) - 1]) == 6


@SQLITE_ONLY
def test_what_is_lifted_with_one_more_does_not_tell_that_one(stores: World) -> None:
    """Six are set aside and lifted again, and a seventh comes late: what is new is one."""
    live(stores, [*LATE, ("flag", 0, 6), ("wait", 1)])
    assert not stores.shown[stores.places[0], "", stores.today(stores.places[0]) - 1]
    live(stores, [("lift", 0, 6), ("give", 0, [0], 1, False), ("wait", 1)])
    assert len(stores.shown[stores.places[0], "", stores.today(stores.places[0]) - 1]) == 6


def test_a_crew_hears_of_yesterday_at_the_briefing_and_of_late_answers_at_the_next(stores: World) -> None:
    crew = stores.places[2]
    yesterday = stores.today(crew)
    live(stores, [("give", 2, [3] * 8, 0, False), ("wait", 2)])
    assert (crew, "", yesterday) not in stores.shown
    while stores.today(crew) == yesterday or local_time.at(stores.now_ms, stores.zones[crew]).hour < 4:
        stores.now_ms += HOUR_MS
    live(stores, [])
    assert (crew, "", yesterday) not in stores.shown
    live(stores, [("wait", 1)])
    assert len(stores.shown[crew, "", yesterday]) == 8
    live(stores, [("give", 2, [0] * 6, 1, False), ("wait", 3)])
    assert len(stores.shown[crew, "", yesterday]) == 8
    live(stores, [("wait", 24)])
    assert len(stores.shown[crew, "", yesterday]) == 14


def test_a_page_and_the_api_tell_what_was_released(a_centre: Centre, clock: Clock) -> None:
    """Three answers a day: on the second day there is a score, of both days, on pages and for machines."""
    chain = Chain(a_centre, clock)
    kari = chain.person("kari@example.com", "Kari", chain.oslo)
    with a_centre.db.writing() as tx:
        key = keys.make(tx, COMMAND, "Report", None, "read", clock())[1]

    def told() -> Any:
        headers = {"Authorization": f"Bearer {key}"}
        return chain.app.test_client().get(f"/api/v1/places/{chain.oslo}/scores", headers=headers).get_json()["n"]

    chain.visits(chain.oslo, [3] * 3)
    page = chain.page(f"/locations/{chain.oslo}", kari)
    assert "moves by five answers or more at a time" in page
    assert (told(), "<b>100</b>" in page) == (None, False)
    assert "moves by five answers or more at a time" not in chain.page(f"/locations/{chain.oslo}")
    clock.ms += 24 * HOUR_MS
    chain.visits(chain.oslo, [3] * 3)
    chain.page(f"/locations/{chain.oslo}", kari)
    assert told() is None
    clock.ms += 24 * HOUR_MS
    assert told() == 6
    assert "100" in chain.page(f"/locations/{chain.oslo}", kari)
    chain.visits(chain.oslo, [0] * 4)
    assert told() == 6
    chain.visits(chain.oslo, [0])
    assert told() == 11
