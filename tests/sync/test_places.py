"""The tree of places: what is inherited, what is refused, and the way a code makes what is missing."""

import pytest
from sqlalchemy import select

from sync import models
from sync.db import Database
from sync.office import enrolling, places
from sync.office.places import BadPlace

NINE_TO_SIX = [[(9 * 60, 18 * 60)]] * 7


def test_zone_and_hours_come_from_above_unless_set(database: Database) -> None:
    with database.writing() as tx:
        norway = places.add_location(tx, "Norway", kind="group", zone="Europe/Oslo", hours=NINE_TO_SIX)
        west = places.add_location(tx, "West", kind="group", parent=norway)
        bergen = places.add_location(tx, "Bergen", parent=west)
        london = places.add_location(tx, "London", parent=west, zone="Europe/London", hours=[[]] * 7)
        known = {place.id: place for place in places.locations(tx)}
        below = [place.name for place in places.locations(tx, west)]
    assert (known[bergen].zone, known[bergen].hours) == ("Europe/Oslo", NINE_TO_SIX)
    assert (known[london].zone, known[london].hours) == ("Europe/London", [[]] * 7)
    assert known[bergen].path == f"/{norway}/{west}/{bergen}/"
    assert below == ["West", "Bergen", "London"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 121, "a\nb", "a\x00b"])
def test_names_that_are_none(database: Database, name: str) -> None:
    with database.writing() as tx, pytest.raises(BadPlace, match="The name of a place"):
        places.add_location(tx, name)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../../etc/passwd", "Europe", "x" * 300])
def test_zones_that_are_none(database: Database, zone: str) -> None:
    with database.writing() as tx, pytest.raises(BadPlace, match="There is no time zone"):
        places.add_location(tx, "Oslo", zone=zone)


def test_a_place_below_nowhere(database: Database) -> None:
    with database.writing() as tx, pytest.raises(BadPlace, match="no place with the number 77"):
        places.add_location(tx, "Oslo", parent=77)


def test_a_group_that_is_made_runs_on_the_time_of_its_first_place(database: Database) -> None:
    with database.writing() as tx:
        enrolling.invite(tx, "Oslo", None, None, enrolling.New("Europe/Oslo", "Norway"), 0)
        enrolling.invite(tx, "Bergen", None, None, enrolling.New(None, "Norway"), 0)
        zones = {place.name: place.zone for place in places.locations(tx)}
    assert zones == {"Norway": "Europe/Oslo", "Oslo": "Europe/Oslo", "Bergen": "Europe/Oslo"}


@pytest.mark.parametrize("group", [None, "Norway"])
def test_a_place_without_a_time_zone_is_not_made(database: Database, group: str | None) -> None:
    with pytest.raises(BadPlace, match="needs its time zone"), database.writing() as tx:
        enrolling.invite(tx, "Oslo", None, None, enrolling.New(None, group), 0)
    with database.reading() as tx:
        assert tx.execute(select(models.locations)).all() == []
