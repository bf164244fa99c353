"""Several crews together, for those who see none of them by itself: nobody reckons a single crew out of them."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Select, select

from sync import models
from sync.centre import Centre
from sync.intake import crew_atoms, crew_sums
from sync.office import crew_together
from sync.office.rights import Reach
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS
from tests.sync.suppression import HOUR_MS, World
from tests.sync.test_crew_sight import SQLITE_ONLY, Fleet
from tests.sync.test_suppression import FACES, SMALL


class Watched(World):
    """Two groups of crews, looked at by head office: every figure that it was ever shown is a set of real answers."""

    def __init__(self, centre: Centre) -> None:
        super().__init__(centre, ["crew"] * 4)
        self.looks: list[dict[int, tuple[int, ...]]] = []

    def read(self) -> None:
        """What is shown of each group, all days of it together, and of everything."""
        crew_sums.release(self.centre.db, self.now_ms)
        with self.centre.db.reading() as tx:
            found = {}
            for number in (self.top, *self.groups):
                path = tx.execute(select(models.locations.c.path).where(models.locations.c.id == number)).scalar_one()
                told = crew_together.together(tx, (path,), self.now_ms).every
                found[number] = told[0].figure.counts if told else (0, 0, 0, 0)
        self.looks.append(found)
        self.check()

    def _parts(self) -> Select[Any]:
        """All that was ever shown in this world."""
        table = models.crew_parts
        return select(table).where(table.c.label >= 0, table.c.location_id.in_(self.groups))

    def check(self) -> None:
        """Parts are disjoint, each of two crews at least and of five answers, of which no crew gave nearly all; what is
        shown is a sum of whole parts, and holds no more of a crew's value than the crew was ever given."""
        with self.centre.db.reading() as tx:
            rows = tx.execute(self._parts()).all()
            gone = {tuple(row) for row in tx.execute(select(models.crew_withdrawn))}
        sums: dict[int, list[int]] = {}
        for row in rows:
            if (row.location_id, row.question, row.label) not in gone:
                own = sums.setdefault(row.location_id, [0] * 4)
                sums[row.location_id] = [a + getattr(row, f"s{n}") for n, a in enumerate(own)]
        for group in self.groups:
            assert self.looks[-1][group] == tuple(sums.get(group, [0] * 4))
        self._check_moves()

    def _check_moves(self) -> None:
        """Between any two looks of one group, what came is no single crew's, and at least five."""
        with self.centre.db.reading() as tx:
            now: dict[tuple[int, int, int], int] = {}
            for row in tx.execute(self._parts()):
                key = (row.location_id, row.label, row.crew_id)
                now[key] = now.get(key, 0) + row.n
        before = getattr(self, "parts_before", {})
        fresh: dict[tuple[int, int], list[int]] = {}
        for (group, label, crew), n in now.items():
            more = n - before.get((group, label, crew), 0)
            assert more >= 0, "what was shown is no longer"
            if more:
                fresh.setdefault((group, label), []).append(more)
        for sizes in fresh.values():
            assert len(sizes) >= 2, "one crew alone"
            assert sum(sizes) >= 5, "a few answers"
            assert max(sizes) * 4 <= sum(sizes) * 3, "one crew nearly alone"
        self.parts_before = now

    def check_once(self) -> None:
        """No answer was shown twice: of each crew, day and value there are no more than were ever counted there."""
        with self.centre.db.reading() as tx:
            for row in tx.execute(self._parts()):
                cells = [cell for answer in self.answers for _, cell in answer.cells]
                for value in range(4):
                    there = cells.count((row.crew_id, "", row.day, value))
                    assert getattr(row, f"s{value}") <= there, "shown twice"


STEPS = st.one_of(
    st.tuples(st.just("give"), SMALL, st.lists(FACES, min_size=1, max_size=9), st.integers(0, 3)),
    st.tuples(st.just("give"), SMALL, st.lists(FACES, min_size=2, max_size=6), st.just(0)),
    st.tuples(st.just("flag"), SMALL, st.integers(1, 9)),
    st.tuples(st.just("lift"), SMALL, st.integers(1, 9)),
    st.tuples(st.just("place"), SMALL, st.integers(1, 6), SMALL),
    st.tuples(st.just("move"), SMALL, SMALL),
    st.tuples(st.just("wait"), st.just(24)),
    st.tuples(st.just("wait"), st.integers(1, 30)),
)


def live(world: Watched, steps: list[Any]) -> None:
    for what, *given_ in steps:
        if what == "give":
            world.give(*given_)
        elif what in ("flag", "lift"):
            aside = what == "flag"
            world.change(world.some(*given_, aside=not aside), aside=aside, flags="burst" if aside else "")
        elif what == "place":
            at, many, to = given_
            world.change(world.some(at, many, aside=False), location=world.places[to % len(world.places)])
        elif what == "move":
            world.move(*given_)
        else:
            world.now_ms += given_[0] * HOUR_MS
            world.read()
    world.check_once()


@settings(
    max_examples=4, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)  # fmt: skip
@given(st.data())
def test_whatever_happens_no_single_crew_is_told(a_centre: Centre, data: st.DataObject) -> None:
    live(Watched(a_centre), data.draw(st.lists(STEPS, min_size=6, max_size=18)))


MORNING: list[Any] = [("give", 0, [3] * 6, 0), ("give", 2, [0] * 4, 0), ("wait", 24)]


@SQLITE_ONLY
@pytest.mark.parametrize("planted", ["one crew", "few", "nearly alone", "again", "twice"])
def test_each_hole_is_found(a_centre: Centre, planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [*MORNING, ("give", 0, [1] * 7, 1), ("wait", 24), ("give", 0, [2], 0), ("give", 2, [2], 0), ("wait", 24)]
    if planted == "one crew":
        monkeypatch.setattr(crew_atoms, "is_enough", lambda given: sum(map(sum, given.values())) >= 5)
    elif planted == "few":
        monkeypatch.setattr(crew_atoms, "FEW", 2)
    elif planted == "nearly alone":
        monkeypatch.setattr(crew_atoms, "MOST_OF_ONE", 1)
        steps = [("give", 0, [3] * 9, 0), ("give", 2, [0], 0), ("wait", 24)]
    elif planted == "again":
        monkeypatch.setattr(crew_sums, "less", lambda counted, shown: counted)
        steps = [*MORNING, ("wait", 24)]
    else:
        monkeypatch.setattr(crew_sums, "carried", lambda tx, moves: None)
        steps = [*MORNING, ("place", 0, 5, 2), ("give", 0, [1] * 3, 1), ("wait", 24)]
        world = Watched(a_centre)
        live(world, steps)
        with a_centre.db.reading() as tx:
            shown = tx.execute(select(models.crew_parts.c.n).where(models.crew_parts.c.label >= 0)).scalars()
            assert sum(shown) > len(world.answers), "five of them stand twice"
        return
    with pytest.raises(AssertionError):
        live(Watched(a_centre), steps)


@SQLITE_ONLY
def test_what_moved_between_crews_is_shown_once(a_centre: Centre) -> None:
    world = Watched(a_centre)
    live(world, [*MORNING, ("place", 0, 5, 2), ("give", 0, [1] * 3, 1), ("wait", 24)])
    with a_centre.db.reading() as tx:
        shown = tx.execute(select(models.crew_parts.c.n).where(models.crew_parts.c.label >= 0)).scalars()
        assert sum(shown) <= len(world.answers)


# Days in the life


def test_head_office_sees_two_vans_together_the_next_morning(a_centre: Centre, clock: Clock) -> None:
    chain = Fleet(a_centre, clock)
    chain.visits(chain.van, [3] * 12, days_ago=1)
    first = chain.page("/")
    assert "There are 2 crews here; of several together there is too little to be shown yet." in first
    chain.visits(chain.other, [0] * 8, days_ago=1)
    clock.ms += DAY_MS
    page = chain.page("/")
    assert "20 answers of 2 crews in 28 days" in page
    assert f'href="/locations/{chain.van}"' not in page  # its terminal may be named: it is silent
    depot = chain.page(f"/locations/{chain.depot}")
    assert "20 answers of 2 crews" in depot
    with a_centre.db.reading() as tx:
        path = tx.execute(select(models.locations.c.path).where(models.locations.c.id == chain.depot)).scalar_one()
        van = f"{path}{chain.van}/"
        assert crew_together.together(tx, (path,), clock()).every[0].figure.counts == (8, 0, 0, 12)
        # Whoever sees one of two is not shown the other by subtraction.
        assert crew_together.together(tx, (Reach(path, (van,)),), clock()).every == ()
        assert crew_together.together(tx, (Reach(path, (path,)),), clock()).hidden == 0


def test_one_van_alone_is_never_shown(a_centre: Centre, clock: Clock) -> None:
    chain = Fleet(a_centre, clock)
    alone = chain.shop("Van 90", chain.sweden, kind="crew")
    chain.visits(alone, [3] * 40, days_ago=1)
    clock.ms += DAY_MS
    assert "There is 1 crew here, of which nothing is shown" in chain.page(f"/locations/{chain.sweden}")


@SQLITE_ONLY
def test_a_depot_of_crews_is_not_called_empty(a_centre: Centre, clock: Clock) -> None:
    chain = Fleet(a_centre, clock)
    front, depot = chain.page("/"), chain.page(f"/locations/{chain.depot}")
    for untrue in ("There is no place yet", "No place in this group", "Nobody has answered", "Nobody has written"):
        assert untrue not in depot, untrue
    assert "No place in this group yet" not in front
    assert f'href="/locations/{chain.sweden}"' in front
