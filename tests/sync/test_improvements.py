"""What a place changed to become better: who may say it, what the log keeps, and where it is seen."""

import re

import pytest
from sqlalchemy import select

from sync import models
from sync.centre import Centre
from sync.office.local_time import date_of, day_of
from tests.sync.conftest import Clock
from tests.sync.norway import OURS, Chain


@pytest.fixture
def chain(a_centre: Centre, clock: Clock) -> Chain:
    return Chain(a_centre, clock)


def iso(chain: Chain, days_ago: int) -> str:
    return date_of(day_of(chain.clock(), "Europe/Oslo") - days_ago).isoformat()


def add(chain: Chain, place: int, text: str, days_ago: int = 0, user: int | None = None) -> None:
    form = {"text": text, "day": iso(chain, days_ago)}
    answer = chain.browser(user or chain.astrid).post(f"/locations/{place}/improvements", data=form, headers=OURS)
    assert answer.status_code == 303, answer.text
    assert answer.location == f"/locations/{place}#changed"


def the_one(chain: Chain) -> tuple[int, int]:
    """The number and the version of the only improvement."""
    with chain.centre.db.reading() as tx:
        row = tx.execute(select(models.improvements)).one()
    return row.id, row.version


def deeds(chain: Chain) -> list[str]:
    with chain.centre.db.reading() as tx:
        found = tx.execute(select(models.audit.c.action).where(models.audit.c.kind == "improvement"))
        return list(found.scalars())


def test_an_improvement_is_added_changed_and_taken_away_in_the_log(chain: Chain) -> None:
    add(chain, chain.oslo, "Second till opened", 3)
    number, version = the_one(chain)
    client, address = chain.browser(chain.astrid), f"/improvements/{number}"
    assert 'value="Second till opened"' in client.get(address).text
    form = {"version": str(version), "text": "Third till opened", "day": iso(chain, 2)}
    assert client.post(address, data=form, headers=OURS).status_code == 303
    late = client.post(address, data=form, headers=OURS)
    assert late.status_code == 409
    assert "Third till opened" in late.text
    gone = client.post(f"{address}/remove", data={"version": str(version + 1)}, headers=OURS)
    assert gone.status_code == 303
    assert deeds(chain) == ["improvement added", "improvement changed", "improvement removed"]
    assert "Third till opened" in chain.page("/audit")


def test_what_cannot_be_said_is_refused_beside_its_field(chain: Chain) -> None:
    form = {"text": " ", "day": "soon"}
    answer = chain.browser(chain.astrid).post(f"/locations/{chain.oslo}/improvements", data=form, headers=OURS)
    assert answer.status_code == 400
    assert "is no day" in answer.text
    for text, day, said in (
        ("x" * 121, iso(chain, 0), "Give 1 to 120 characters, not 121."),
        ("Fine", "", "Give the first day on which it held."),
        ("Fine", "1970-01-01", "Give a day of the last twenty years"),
        ("Fine", "2099-01-01", "Give a day of the last twenty years"),
    ):
        form = {"text": text, "day": day}
        answer = chain.browser(chain.astrid).post(f"/locations/{chain.oslo}/improvements", data=form, headers=OURS)
        assert answer.status_code == 400
        assert said in answer.text
    assert not deeds(chain)


def test_only_who_has_the_places_says_what_was_changed_there(chain: Chain) -> None:
    kari = chain.hired("kari@example.com", "Kari", ("admin", chain.oslo))
    add(chain, chain.oslo, "Plants at the door", user=kari)
    number, version = the_one(chain)
    tries = (chain.bjorn, chain.oslo, 403), (kari, chain.bergen, 404), (chain.per, chain.oslo, 403)
    for user, place, status in tries:
        form = {"text": "Mine", "day": iso(chain, 0)}
        assert (
            chain.browser(user).post(f"/locations/{place}/improvements", data=form, headers=OURS).status_code == status
        )
    for user in (chain.bjorn, chain.per):
        gone = chain.browser(user).post(f"/improvements/{number}/remove", data={"version": version}, headers=OURS)
        assert gone.status_code == 403


def test_a_place_made_by_mistake_takes_its_improvements_along(chain: Chain) -> None:
    add(chain, chain.molde, "Opened at all")
    form = {"version": "1"}
    answer = chain.browser(chain.astrid).post(f"/places/{chain.molde}/remove", data=form, headers=OURS)
    assert answer.status_code == 303, re.sub(r"<[^>]+>", "", answer.text)
    with chain.centre.db.reading() as tx:
        assert tx.execute(select(models.improvements)).first() is None
