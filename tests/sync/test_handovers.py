"""Tablets that a crew hands over: what is held of them whatever the order, and how many jobs were asked about."""

from itertools import permutations
from typing import Any

import msgspec
import pytest
from flask.testing import FlaskClient
from sqlalchemy import Table, func, insert, select

from sync import models, wire
from sync.centre import Centre
from sync.intake import enrol
from sync.office import asked, deciding, places, settings
from sync.office.asked import Asked
from sync.office.audit import COMMAND
from tests.boxes import NOON, Box, enrol_box, new_id, verdicts
from tests.sync.conftest import Clock

DAY_MS = 86_400_000
TODAY = NOON // DAY_MS
VAN = "van 12"


@pytest.fixture
def van(a_centre: Centre) -> Box:
    """The tablet of Kari's van."""
    with a_centre.db.writing() as tx:
        crew = places.add_location(tx, VAN, kind="crew", zone="Europe/Oslo")
        touchpoint = places.add_touchpoint(tx, crew, "After installation")
        _, placement = places.add_screen(tx, "Tablet", touchpoint, NOON - 10**10)
    return enrol_box(a_centre, placement)


def handover(box: Box, job: str, outcome: str, *, at_ms: int = NOON, **changes: Any) -> dict[str, Any]:
    """As a tablet sends it."""
    box.seq += 1
    entry = {
        "kind": "handover", "id": new_id(at_ms), "rev": 1, "stream": box.stream, "seq": box.seq, "schema": 1,
        "test": False, "screen": box.screen, "placement": box.placement, "job": job, "crew": "1", "lang": "nb",
        "stamp": {"boot": box.boot, "boottime_ms": 10**9 + at_ms - NOON, "wall_ms": at_ms, "synced": True},
        "outcome": outcome, "response": None, "held_ms": 42_000, "answers": {},
    }  # fmt: skip
    return wire.seal({**entry, **changes}, "pepper")


def answer(box: Box, job: str, *, at_ms: int = NOON, **changes: Any) -> dict[str, Any]:
    handed = {"job": job, "crew": "1", "held_ms": 8_000}
    return box.response(3, at_ms=at_ms, mode="handover", handover=handed, **changes)


def rows(centre: Centre, table: Table) -> list[tuple[Any, ...]]:
    with centre.db.reading() as tx:
        return [tuple(row) for row in tx.execute(select(table).order_by(*table.primary_key))]


def plan(centre: Centre, *known: tuple[str, int, str]) -> None:
    """Jobs by number, day and state."""
    table = models.jobs
    with centre.db.writing() as tx:
        crew = tx.execute(select(models.locations.c.id).where(models.locations.c.name == VAN)).scalar_one()
        for ref, day, state in known:
            told = {"location_id": crew, "ref": ref, "key": ref.casefold(), "day": day, "state": state}
            tx.execute(insert(table).values(**told, source="page", changed_ms=0))


def counted(centre: Centre, first: int = TODAY, last: int = TODAY, today: int = TODAY) -> dict[int, Asked]:
    with centre.db.reading() as tx:
        (crew,) = tx.execute(select(models.locations).where(models.locations.c.name == VAN))
        return asked.by_day(tx, (crew.path,), first, last, {crew.id: today}).get(crew.id, {})


def test_a_handover_is_held_beside_its_answer(a_centre: Centre, client: FlaskClient, van: Box) -> None:
    given = answer(van, "A  17")
    told = handover(van, "a 17", "answered", response=given["id"])
    assert verdicts(van.send(client, given, told)) == ["stored", "stored"]
    (held,) = rows(a_centre, models.handovers)
    assert held[5:8] == ("a 17", "answered", given["id"])
    ((name, _, _, job, day, *_, first_ms, held_ms, phone, test),) = rows(a_centre, models.handed_answers)
    assert (name, job, day, first_ms, held_ms, phone, test) == (given["id"], "a 17", TODAY, 900, 8_000, False, False)
    assert verdicts(van.send(client, given, told)) == ["duplicate", "duplicate"]


def test_the_order_of_arrival_changes_nothing(a_centre: Centre, client: FlaskClient, van: Box) -> None:
    ends: set[str] = set()
    given = answer(van, "17")
    entries = [
        given,
        {**answer(van, "17"), "rev": 2, "id": given["id"]},
        handover(van, "17", "timed_out"),
        handover(van, "17", "answered", rev=2, response=given["id"]),
    ]
    entries[1] = wire.seal({name: value for name, value in entries[1].items() if name not in ("sha", "salt")}, "s")
    again = {name: value for name, value in entries[3].items() if name not in ("sha", "salt")}
    entries[3] = wire.seal({**again, "id": entries[2]["id"]}, "s")
    for order in permutations(range(4)):
        for each in order:
            van.send(client, entries[each])
        held = (rows(a_centre, models.handovers), rows(a_centre, models.handed_answers))
        ends.add(repr([row[:13] for table in held for row in table]))
        with a_centre.db.writing() as tx:
            for table in (models.handovers, models.handed_answers, models.receipts, models.responses):
                tx.execute(table.delete())
    assert len(ends) == 1


def test_what_is_no_handover_is_refused(client: FlaskClient, van: Box) -> None:
    wrong = handover(van, "", "answered")
    strange = handover(van, "17", "answered", placement="placement-of-nobody")
    newer = handover(van, "17", "answered", schema=2)
    answer = van.send(client, wrong, strange, newer)
    assert [(each.verdict, each.code) for each in answer.results] == [
        ("refused", "bad_shape"), ("quarantined", "unknown_screen"), ("quarantined", "unknown_schema"),
    ]  # fmt: skip


def test_every_job_counts_once_and_says_what_came_of_it(a_centre: Centre, client: FlaskClient, van: Box) -> None:
    plan(a_centre, ("1", TODAY, "planned"), ("2", TODAY, "done"), ("3", TODAY, "planned"), ("4", TODAY, "cancelled"))
    van.send(
        client, handover(van, "1", "declined"), handover(van, "1", "answered"), handover(van, "77", "phone"),
        handover(van, "78", "skipped"), handover(van, "79", "timed_out"), handover(van, "80", "answered", test=True),
    )  # fmt: skip
    today = Asked(done=5, asked=3, answered=1, phone=1, timed_out=1, skipped=1)
    assert counted(a_centre) == {TODAY: today}
    assert today.silent == 1  # number 2, which is said to be done
    tomorrow = counted(a_centre, today=TODAY + 1)
    assert tomorrow == {TODAY: Asked(done=6, asked=3, answered=1, phone=1, timed_out=1, skipped=1)}
    with a_centre.db.reading() as tx:
        assert asked.not_asked(tx, 1, TODAY) == ["2", "3"]


def test_a_job_that_was_done_a_day_late_counts_on_that_day(a_centre: Centre, client: FlaskClient, van: Box) -> None:
    plan(a_centre, ("1", TODAY - 1, "planned"))
    assert counted(a_centre, TODAY - 1) == {TODAY - 1: Asked(done=1)}
    van.send(client, handover(van, "1", "answered"))
    assert counted(a_centre, TODAY - 1) == {TODAY: Asked(done=1, asked=1, answered=1)}
    with a_centre.db.reading() as tx:
        assert asked.not_asked(tx, 1, TODAY - 1) == []


def test_a_clock_that_is_known_better_later_moves_a_handover(a_centre: Centre, client: FlaskClient, van: Box) -> None:
    stamp = {"boot": "slow", "boottime_ms": 1_000, "wall_ms": 0, "synced": False}
    van.send(client, handover(van, "1", "declined", stamp=stamp))
    assert rows(a_centre, models.handovers)[0][10] == "unknown"
    anchor = {"boot": "slow", "boottime_ms": 2_000, "server_ms": NOON - 3 * DAY_MS, "rtt_ms": 20}
    van.send(client, anchors=[anchor], boots={"slow": 1, van.boot: 2})
    held = rows(a_centre, models.handovers)[0]
    assert (held[10], held[11]) == ("anchored", TODAY - 3)


def test_a_tablet_is_told_of_its_crew_and_of_its_jobs(
    a_centre: Centre, client: FlaskClient, van: Box, clock: Clock
) -> None:
    clock.ms = NOON
    plan(
        a_centre,
        ("17", TODAY, "planned"),
        ("18", TODAY + 1, "planned"),
        ("19", TODAY, "cancelled"),
        ("9", TODAY - 2, "done"),
    )
    with a_centre.db.writing() as tx:
        settings.put(tx, 1, None, "handover", "true", clock.ms)
        settings.put(tx, 1, None, "crew_pin", "830516", clock.ms)
    with a_centre.db.reading() as tx:
        (screen,) = enrol.manifest(tx, van.device, NOON, a_centre.secrets).screens.values()
        again = enrol.manifest(tx, van.device, NOON, a_centre.secrets)
    told = msgspec.convert(screen.handover, wire.Handing)
    assert (told.crew, told.team, [(job.ref, job.day) for job in told.jobs]) == (
        "1",
        VAN,
        [("17", TODAY), ("18", TODAY + 1)],
    )
    assert wire.crew_pin_fits("830516", told.pins[0])
    code = a_centre.secrets.day_code(1, TODAY)
    assert wire.crew_pin_fits(code, told.day_codes[str(TODAY)])
    assert not wire.crew_pin_fits(code, told.day_codes[str(TODAY + 1)])
    assert sorted(map(int, told.day_codes)) == list(range(TODAY, TODAY + 15))
    assert again.screens == {van.screen: screen}  # the same, so that its tag is the same


@pytest.mark.parametrize(
    ("pin", "why"), [("123", "4 to 12 digits"), ("1234", "everybody tries"), ("12ab", "4 to 12 digits")]
)
def test_a_pin_that_anybody_would_guess_is_refused(a_centre: Centre, van: Box, pin: str, why: str) -> None:
    with a_centre.db.writing() as tx, pytest.raises(settings.BadSetting, match=why):
        settings.put(tx, 1, None, "crew_pin", pin, 0)


def flagged(centre: Centre) -> dict[str, str]:
    with centre.db.reading() as tx:
        return {row.id: row.flags for row in tx.execute(select(models.responses.c.id, models.responses.c.flags))}


def test_of_several_answers_to_a_job_the_first_counts_whatever_the_order(
    a_centre: Centre, client: FlaskClient, van: Box
) -> None:
    first, second, third = (answer(van, "A 17", at_ms=NOON + hour * 3_600_000) for hour in range(3))
    other, tried = answer(van, "18"), answer(van, "a  17", at_ms=NOON - 60_000, test=True)
    for order in permutations((first, second, third)):
        for entry in (*order, other, tried):
            van.send(client, entry)
        found = flagged(a_centre)
        assert found == {
            first["id"]: "", second["id"]: "second", third["id"]: "second", other["id"]: "", tried["id"]: "",
        }  # fmt: skip
        with a_centre.db.reading() as tx:
            counted_now = dict(tx.execute(select(models.tallies_day.c.aside, func.sum(models.tallies_day.c.n)).where(
                models.tallies_day.c.choice == "").group_by(models.tallies_day.c.aside)).all())  # fmt: skip
        assert counted_now == {False: 2, True: 2}
        with a_centre.db.writing() as tx:
            for table in (models.handed_answers, models.receipts, models.responses, models.tallies_day):
                tx.execute(table.delete())
            tx.execute(models.tallies_hour.delete())
            tx.execute(models.restatements.delete())


def test_a_second_answer_that_somebody_lets_count_stays_so(a_centre: Centre, client: FlaskClient, van: Box) -> None:
    first, second = answer(van, "17"), answer(van, "17", at_ms=NOON + 60_000)
    van.send(client, first, second)
    with a_centre.db.writing() as tx:
        deciding.decide(tx, COMMAND, second["id"], "second", False, "two machines, two customers", NOON)
    assert flagged(a_centre)[second["id"]] == ""
    body = {name: value for name, value in second.items() if name not in ("sha", "salt")}
    van.seq += 1
    van.send(client, wire.seal({**body, "rev": 2, "seq": van.seq}, "s"))
    assert flagged(a_centre) == {first["id"]: "", second["id"]: ""}
