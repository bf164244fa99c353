"""Groups summed up beforehand: always what a recount gives, and what the places themselves would show."""

from dataclasses import replace
from random import Random

import pytest
from sqlalchemy import select

from sync.centre import Centre
from sync.intake import sums, tally
from sync.models import sums_day, sums_marks
from sync.office import overview, people, places, tree, wide
from sync.office.audit import COMMAND
from sync.office.lines import Line, Overview
from sync.office.people import User
from sync.office.rights import Grant, Rights
from tests.sync.conftest import Clock
from tests.sync.norway import DAY_MS, Chain

ASTRID = User(1, "astrid@example.com", "Astrid", Rights((Grant("admin", None, "/"),)))
PER = User(2, "per@example.com", "Per", Rights((Grant("viewer", None, "/"),)))
ZONES = (None, None, "Pacific/Auckland", "America/New_York")


class Forest(Chain):
    """Groups in groups, stores in several time zones, and answers on many days."""

    def grow(self, random: Random) -> None:
        self.top = self.group("Company", zone="Europe/Oslo")
        groups = [self.group(f"Group {n}", self.top, zone=random.choice(ZONES)) for n in range(3)]
        groups += [self.group(f"Region {n}", random.choice(groups)) for n in range(2)]
        self.groups = groups
        self.stores = [self.shop(f"Store {n}", random.choice(groups), zone=random.choice(ZONES)) for n in range(4)]
        for store in self.stores:
            for days_ago in random.sample(range(30), 4):
                self.visits(store, [random.randrange(4) for _ in range(random.randrange(1, 30))], days_ago=days_ago)

    def verified(self) -> None:
        """Before the sums are brought up to date, and after."""
        with self.centre.db.reading() as tx:
            assert tally.verify(tx) is None
        sums.fold(self.centre.db, self.clock())
        with self.centre.db.reading() as tx:
            assert tx.execute(select(sums_marks)).first() is None
            assert tally.verify(tx) is None
            kept = {tuple(row[:8]): list(row[8:]) for row in tx.execute(select(sums_day))}
            assert kept == sums.recount(tx)
            assert kept

    def move(self, place: int, parent: int) -> None:
        with self.centre.db.writing() as tx:
            tree.move(tx, COMMAND, place, parent, tree.get(tx, place).version, self.clock())


@pytest.fixture
def forest(a_centre: Centre, clock: Clock) -> Forest:
    return Forest(a_centre, clock, founded=False)


@pytest.mark.parametrize("seed", range(2))
def test_sums_follow_answers_and_moves(seed: int, forest: Forest) -> None:
    random = Random(seed)
    forest.grow(random)
    forest.verified()
    forest.visits(forest.stores[0], [3] * 9, days_ago=2)
    forest.move(forest.stores[1], random.choice(forest.groups))
    forest.visits(forest.stores[1], [0] * 4)
    forest.verified()
    forest.move(forest.groups[0], forest.groups[2] if forest.groups[2] != forest.groups[0] else forest.top)
    with forest.centre.db.writing() as tx:
        node = tree.get(tx, forest.groups[1])
        details = (
            node.details._replace(zone="Asia/Tokyo") if hasattr(node.details, "_replace") else _zoned(node.details)
        )
        tree.change(tx, COMMAND, node.id, node.version, details, forest.clock())
    forest.verified()


def _zoned(details: tree.Details) -> tree.Details:

    return replace(details, zone="Asia/Tokyo")


def test_counts_that_are_rebuilt_are_summed_up_anew(forest: Forest) -> None:
    forest.grow(Random(7))
    sums.fold(forest.centre.db, forest.clock())
    with forest.centre.db.writing() as tx:
        tally.rebuild(tx, forest.clock())
    forest.verified()


def test_a_sum_that_was_tampered_with_is_found(forest: Forest) -> None:
    forest.grow(Random(8))
    sums.fold(forest.centre.db, forest.clock())
    with forest.centre.db.writing() as tx:
        tx.execute(sums_day.update().values(n=sums_day.c.n + 1))
        found = tally.verify(tx)
    assert found is not None
    assert found.startswith("sums_day ")


def told(line: Line) -> tuple[object, ...]:
    return (line.place.id, line.figure.counts, line.before.counts, line.since.counts, line.today, line.aside,
            [day.figure.counts for day in line.days], line.delivery)  # fmt: skip


@pytest.mark.parametrize("user", [ASTRID, PER], ids=lambda user: user.name)
@pytest.mark.parametrize("seed", [4])
def test_a_page_from_sums_says_what_the_places_say(
    seed: int, user: User, forest: Forest, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    forest.grow(Random(seed))
    top = at(forest, forest.top)
    plain = read(forest, user, clock, top)
    monkeypatch.setattr(overview, "MOST_LINES", 0)
    summed = read(forest, user, clock, top)
    assert plain.whole is not None
    assert summed.whole is not None
    assert told(summed.whole) == told(plain.whole)
    groups = {line.place.id: line for section in plain.sections for line in [section.group] if line}
    assert summed.sections[0].lines
    for line in summed.sections[0].lines:
        assert told(line) == told(groups[line.place.id])
    assert (summed.places, summed.question, summed.youth) == (plain.places, plain.question, plain.youth)
    assert summed.attention == plain.attention
    everything = read(forest, user, clock, None)
    assert [told(line) for line in everything.sections[0].lines] == [told(line) for line in summed.sections[0].lines]


def at(forest: Forest, number: int) -> places.Location:
    with forest.centre.db.reading() as tx:
        return places.resolved(tx, {number})[number]


def read(forest: Forest, user: User, clock: Clock, top: places.Location | None) -> Overview:
    overview.prepare(forest.centre.db, user, clock(), top=top)
    with forest.centre.db.reading() as tx:
        return overview.overview(tx, user, clock(), top=top)


def test_somebody_of_several_places_sees_them_beside_each_other(forest: Forest, clock: Clock) -> None:
    forest.grow(Random(3))
    two = (forest.groups[0], forest.stores[0])
    kari = forest.hired("kari@example.com", "Kari", *(("manager", number) for number in two))
    front = forest.page("/", kari)
    assert all(f'href="/locations/{number}"' in front for number in two)
    assert f'href="/locations/{forest.groups[1]}"' not in front
    with forest.centre.db.reading() as tx:
        user = User(kari, "", "Kari", people.rights_of(tx, kari))
        assert wide.is_wide(tx, user.rights.roots(), 0)


def test_places_that_fell_are_the_news_of_a_large_chain(
    forest: Forest, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    forest.grow(Random(5))
    fallen = forest.shop("Fallen", forest.groups[0])
    for days_ago in range(28):
        forest.visits(fallen, [0] * 9 if days_ago < 7 else [3] * 9, days_ago=days_ago)
    monkeypatch.setattr(overview, "MOST_LINES", 0)
    found = read(forest, ASTRID, clock, None)
    assert found.attention.dropped[0].place.id == fallen
    assert found.attention.dropped[0].drop.kind == "weekday"
    clock.ms += DAY_MS
    again = read(forest, ASTRID, clock, None).attention.dropped[0]
    assert again.drop.since == found.attention.dropped[0].drop.since
    assert again.now.n == 63  # reckoned from the newest
