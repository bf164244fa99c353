"""Days and hours are the calendar's where the location is: when clocks change, in zones of thirty and forty-five
minutes, at midnight and at the year's end. Through the centre, on both databases."""

from datetime import UTC, date, datetime

from sqlalchemy import select

from sync import models
from sync.app import create_app
from sync.centre import Centre
from sync.intake import tally
from sync.intake.clocks import EPOCH_DAY
from tests.boxes import enrol_box, open_shop, verdicts
from tests.sync.conftest import Clock

# zone: moment of capture (UTC), local day, local hour
MOMENTS = {
    "Europe/Oslo": [
        ("2026-03-29T00:59:59.999", "2026-03-29", 1),
        ("2026-03-29T01:00:00.000", "2026-03-29", 3),  # there is no hour 2 that night
        ("2026-10-25T00:00:00.000", "2026-10-25", 2),
        ("2026-10-25T00:59:59.999", "2026-10-25", 2),
        ("2026-10-25T01:59:59.999", "2026-10-25", 2),  # the same hour once more
        ("2026-10-25T02:00:00.000", "2026-10-25", 3),
        ("2025-12-31T22:59:59.999", "2025-12-31", 23),
        ("2025-12-31T23:00:00.000", "2026-01-01", 0),
    ],
    "America/New_York": [
        ("2026-01-01T04:59:59.999", "2025-12-31", 23),
        ("2026-01-01T05:00:00.000", "2026-01-01", 0),
        ("2026-03-08T06:59:59.999", "2026-03-08", 1),
        ("2026-03-08T07:00:00.000", "2026-03-08", 3),
        ("2026-11-01T05:30:00.000", "2026-11-01", 1),
        ("2026-11-01T06:30:00.000", "2026-11-01", 1),
        ("2026-11-02T04:59:59.999", "2026-11-01", 23),  # a day of twenty-five hours
    ],
    "Asia/Kolkata": [
        ("2026-02-28T18:29:59.999", "2026-02-28", 23),
        ("2026-02-28T18:30:00.000", "2026-03-01", 0),
        ("2028-02-28T18:30:00.000", "2028-02-29", 0),
    ],
    "Asia/Kathmandu": [
        ("2025-12-31T18:14:59.999", "2025-12-31", 23),
        ("2025-12-31T18:15:00.000", "2026-01-01", 0),
        ("2026-06-01T06:14:59.999", "2026-06-01", 11),
        ("2026-06-01T06:15:00.000", "2026-06-01", 12),
    ],
    "Australia/Lord_Howe": [  # its clocks change by thirty minutes
        ("2026-04-04T14:59:59.999", "2026-04-05", 1),
        ("2026-04-04T15:00:00.000", "2026-04-05", 1),
        ("2026-04-04T15:29:59.999", "2026-04-05", 1),
        ("2026-04-04T15:30:00.000", "2026-04-05", 2),
        ("2026-10-03T15:29:59.999", "2026-10-04", 1),
        ("2026-10-03T15:30:00.000", "2026-10-04", 2),
        ("2026-10-03T15:59:59.999", "2026-10-04", 2),
        ("2026-10-03T16:00:00.000", "2026-10-04", 3),
    ],
    "Pacific/Chatham": [  # forty-five minutes beside everybody
        ("2026-04-04T13:59:59.999", "2026-04-05", 3),
        ("2026-04-04T14:00:00.000", "2026-04-05", 2),
        ("2026-04-04T14:15:00.000", "2026-04-05", 3),
        ("2026-09-26T13:59:59.999", "2026-09-27", 2),
        ("2026-09-26T14:00:00.000", "2026-09-27", 3),
        ("2026-12-31T10:14:59.999", "2026-12-31", 23),
        ("2026-12-31T10:15:00.000", "2027-01-01", 0),
    ],
    "Pacific/Kiritimati": [("2026-12-31T09:59:59.999", "2026-12-31", 23), ("2026-12-31T10:00:00.000", "2027-01-01", 0)],
    "Etc/GMT+12": [("2027-01-01T11:59:59.999", "2026-12-31", 23), ("2027-01-01T12:00:00.000", "2027-01-01", 0)],
}


def ms(moment: str) -> int:
    return round(datetime.fromisoformat(moment).replace(tzinfo=UTC).timestamp() * 1000)


def test_every_answer_counts_on_the_day_and_in_the_hour_of_its_place(a_centre: Centre, clock: Clock) -> None:
    client, expected = create_app(a_centre).test_client(), {}
    clock.ms = ms("2029-01-01T00:00:00")
    for zone, moments in MOMENTS.items():
        location, placement = open_shop(a_centre, zone, zone)
        box = enrol_box(a_centre, placement)
        entries = [box.response(3, at_ms=ms(moment)) for moment, _, _ in moments]
        assert verdicts(box.send(client, *entries)) == ["stored"] * len(moments)
        for entry, (moment, day, hour) in zip(entries, moments, strict=True):
            number = date.fromisoformat(day).toordinal() - EPOCH_DAY
            expected[entry["id"]] = (moment, location, number, number * 24 + hour)
    table, hours = models.responses, models.tallies_hour
    with a_centre.db.reading() as tx:
        found = {row.id: (row.location_id, row.day, row.hour) for row in tx.execute(select(table))}
        counted = {(row.location_id, row.hour): row.n for row in tx.execute(select(hours))}
        assert tally.verify(tx) is None
    assert {name: (expected[name][0], *row) for name, row in found.items()} == expected
    places = [(location, hour) for _, location, _, hour in expected.values()]
    assert counted == {place: places.count(place) for place in places}


def test_opening_hours_follow_the_clock_on_the_wall(a_centre: Centre, clock: Clock) -> None:
    """Nine to six on the Sunday when clocks change, both ways, and a bar that closes at two in the doubled hour."""
    client = create_app(a_centre).test_client()
    clock.ms = ms("2029-01-01T00:00:00")
    shop = enrol_box(a_centre, open_shop(a_centre, "Bergen", hours=[[(9 * 60, 18 * 60)]] * 7)[1])
    bar = enrol_box(a_centre, open_shop(a_centre, "Molde", hours=[[(18 * 60, 26 * 60)]] * 7)[1])
    cases = [
        (shop, "2026-03-29T06:44:59.999", True),  # 08:44 in summer, a quarter of an hour is forgiven
        (shop, "2026-03-29T06:45:00.000", False),
        (shop, "2026-03-29T16:14:59.999", False),
        (shop, "2026-03-29T16:15:00.000", True),
        (shop, "2026-10-25T07:45:00.000", False),  # 08:45 in winter
        (shop, "2026-10-25T17:15:00.000", True),
        (bar, "2026-10-25T00:14:59.999", False),  # 02:14 the first time
        (bar, "2026-10-25T01:14:59.999", False),  # and the second: nobody can tell them apart by the wall
        (bar, "2026-10-25T01:15:00.000", True),
    ]
    for box, moment, closed in cases:
        entry = box.response(3, at_ms=ms(moment))
        box.send(client, entry)
        with a_centre.db.reading() as tx:
            row = tx.execute(select(models.responses).where(models.responses.c.id == entry["id"])).one()
        assert (row.aside, row.flags) == (closed, "closed" if closed else ""), moment
