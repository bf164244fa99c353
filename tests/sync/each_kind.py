"""One of everything that an address can name, at a place: made straight in the database, for the tests of who may
touch it."""

import secrets
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Table, insert

from sync import models, survey, wire
from sync.office import people, places

Make = Callable[[Connection, int, str, int], str]
"""Makes one at a location, with a name, at a time; its id."""


def _id(tx: Connection, table: Table, **values: Any) -> str:
    (column,) = table.primary_key.columns
    return str(tx.execute(insert(table).values(values).returning(column)).scalar_one())


def _place(tx: Connection, at: int, name: str, now_ms: int) -> str:
    return str(places.add_location(tx, name, parent=at))


def _touchpoint(tx: Connection, at: int, name: str, now_ms: int) -> str:
    return _id(tx, models.touchpoints, location_id=_store(tx, at, now_ms), name=name)


def _store(tx: Connection, at: int, now_ms: int) -> int:
    """A new store below, so that names do not meet."""
    return int(_place(tx, at, f"Store {secrets.token_hex(4)}", now_ms))


def _template(tx: Connection, at: int, name: str, now_ms: int) -> str:
    return _id(tx, models.touchpoint_templates, location_id=at, name=name)


def _screen(tx: Connection, at: int, name: str, now_ms: int) -> str:
    return places.add_screen(tx, name, int(_touchpoint(tx, at, name, now_ms)), now_ms)[0]


def _device(tx: Connection, at: int, name: str, now_ms: int) -> str:
    device, screen = f"dev-{secrets.token_hex(6)}", _screen(tx, at, name, now_ms)
    row = {"id": device, "generation": 1, "install": device, "fingerprint": "", "app": name[:40], "enrolled_ms": now_ms}
    tx.execute(insert(models.devices).values(row))
    tx.execute(models.screens.update().where(models.screens.c.id == screen).values(device_id=device))
    tx.execute(insert(models.driven).values(device_id=device, screen_id=screen))
    return device


def _survey(tx: Connection, at: int, name: str, now_ms: int) -> str:
    """A draft of the built-in survey, under another id and (with a name) in its words."""
    known = f"s{secrets.token_hex(4)}"
    definition = wire.encode(survey.BUILTIN).decode().replace('"id":"builtin"', f'"id":"{known}"')
    row = {"survey": known, "location_id": at, "definition": definition, "changed_ms": now_ms}
    tx.execute(insert(models.drafts).values(row))
    return known


def _schedule(tx: Connection, at: int, name: str, now_ms: int) -> str:
    return _id(tx, models.schedules, survey=survey.BUILTIN.id, location_id=at, from_day=now_ms // 86_400_000)


def _person(tx: Connection, at: int, name: str, now_ms: int) -> str:
    number = _id(tx, models.users, email=f"{secrets.token_hex(4)}@example.com", name=name, created_ms=now_ms)
    people.grant(tx, int(number), "viewer", at)
    return number


def _key(tx: Connection, at: int, name: str, now_ms: int) -> str:
    return _id(
        tx, models.api_keys, name=name, key_hash=secrets.token_hex(32), hint="sp", location_id=at, may="read",
        made_ms=now_ms,
    )  # fmt: skip


def _wall(tx: Connection, at: int, name: str, now_ms: int) -> str:
    return _id(
        tx, models.walls, name=name, token_hash=secrets.token_hex(32), location_id=at, language="en", made_ms=now_ms
    )


def _answer(tx: Connection, at: int, name: str, now_ms: int) -> str:
    """Straight into its table, as no box of its place is at hand; of no survey, so it counts nowhere."""
    known = secrets.token_hex(16)
    entry = {"id": known, "rev": 1, "lang": "en", "answers": {}, "kind": "response"}
    return _id(
        tx, models.responses, id=known, rev=1, device_id="dev-000000000000", location_id=at, touchpoint_id=0,
        survey="gone", version=1, test=True, captured_ms=now_ms, quality="synced", error_ms=500,
        day=now_ms // 86_400_000, flags="", aside=False, commented=False, received_ms=now_ms,
        body=wire.encode(entry).decode(),
    )  # fmt: skip


def _improvement(tx: Connection, at: int, name: str, now_ms: int) -> str:
    return _id(
        tx, models.improvements, location_id=at, day=now_ms // 86_400_000, text=name, made_by="Astrid", made_ms=now_ms
    )


def _contact(tx: Connection, at: int, name: str, now_ms: int) -> str:
    known = secrets.token_hex(16)
    entry = {"id": known, "rev": 1, "kind": "contact", "lang": "en", "survey": "gone", "version": 1,
             "answers": {"reach": name}}  # fmt: skip
    return _id(
        tx, models.contacts, id=known, rev=1, response_id=known, device_id="dev-000000000000", location_id=at,
        touchpoint_id=0, test=True, captured_ms=now_ms, received_ms=now_ms, body=wire.encode(entry).decode(),
    )  # fmt: skip


def _theme(tx: Connection, at: int, name: str, now_ms: int) -> str:
    words = wire.encode({"en": [name[:60]]}).decode()
    return _id(tx, models.themes, location_id=at, name=name, words=words)


def _job(tx: Connection, at: int, name: str, now_ms: int) -> str:
    return _id(
        tx, models.jobs, location_id=at, ref=name, key=name.casefold(), day=now_ms // 86_400_000, source="page",
        changed_ms=now_ms,
    )  # fmt: skip


def _phone(tx: Connection, at: int, name: str, now_ms: int) -> str:
    link = _id(tx, models.crew_links, location_id=at, token_hash=secrets.token_hex(32), made_ms=now_ms)
    key = secrets.token_hex(32)
    return _id(
        tx, models.crew_phones, link_id=int(link), key_hash=key, agent=name[:40], pressed_ms=now_ms, seen_ms=now_ms
    )


def _subscription(tx: Connection, at: int, name: str, now_ms: int) -> str:
    return _id(
        tx, models.subscriptions, kind="store", cadence="daily", location_id=at, address=f"{name[:40]}@example.com",
        language="en", leave_hash=secrets.token_hex(32), made_ms=now_ms, next_day=now_ms // 86_400_000,
    )  # fmt: skip


def _agreement(tx: Connection, at: int, name: str, now_ms: int) -> str:
    return _id(
        tx, models.crew_agreements, location_id=at, name=name, from_day=now_ms // 86_400_000, from_ms=now_ms,
        made_by="Astrid", made_ms=now_ms, ended_ms=now_ms,
    )  # fmt: skip


MAKERS: dict[str, Make] = {
    "place": _place,
    "touchpoint": _touchpoint,
    "template": _template,
    "screen": _screen,
    "device": _device,
    "survey": _survey,
    "schedule": _schedule,
    "person": _person,
    "key": _key,
    "wall": _wall,
    "answer": _answer,
    "contact": _contact,
    "improvement": _improvement,
    "theme": _theme,
    "job": _job,
    "phone": _phone,
    "subscription": _subscription,
    "agreement": _agreement,
}
