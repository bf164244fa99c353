"""Head office's pages at 10 and at 10,000 places, side by side: what a page costs must not grow with the chain.

    python -m tests.bench pages [--places 10000] [--database sqlite|postgresql]
    python -m tests.bench pages --responses 10000000 (see tests/bench/volume.py)

Every place has a touchpoint, a screen, a terminal that reports and 30 days of answers; beside each stands a person
and a line of the log. The pages are found by themselves (app.url_map), so that one that is added later is here too.
Exit code 1 when the large chain's page takes more than twice as long, and that is not a matter of milliseconds."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter, time_ns
from typing import Any, NamedTuple

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Connection, select

from sync import access, models
from sync.app import create_app
from sync.centre import Centre, open_centre
from sync.config import Settings
from sync.office import audit, people
from sync.office.subjects import KINDS
from sync.rows import append
from sync.survey import BUILTIN
from tests import postgres
from tests.bench.ingest import new_database

FEW, MANY = 10, 10_000
ROUNDS = 9
DAYS = 30
DAY_MS = 86_400_000
GROWTH, A_FEW_MS = 2.0, 5.0
COUNTRIES, STORES = 20, 20
"""A large chain: so many countries, and so many stores in each region of them."""
ZONES = ("Europe/Amsterdam", "Europe/Berlin", "Europe/Oslo", "Europe/Lisbon", "America/New_York")
HOURS = "[" + ",".join(["[[540,1260]]"] * 6 + ["[]"]) + "]"
NOT_PAGES = ("static",)


class Chain(NamedTuple):
    """An app, somebody who runs all of it, and one of each kind that addresses name."""

    app: Flask
    client: FlaskClient
    ids: dict[str, str]


def main() -> None:
    asked = argparse.ArgumentParser(prog="python -m tests.bench pages")
    asked.add_argument("--places", type=int, default=MANY)
    asked.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    asked.add_argument("--responses", type=int, help="the same places with few responses and with so many")
    given = asked.parse_args(sys.argv[2:])
    if given.responses:
        from tests.bench import volume  # it is made of what is here

        kinds = tuple(given.database or ("sqlite", "postgresql"))
        sys.exit(1 if volume.main(given.responses, given.places if given.places != MANY else 2_000, kinds) else 0)
    is_slow = [_measure(kind, given.places) for kind in given.database or ("sqlite", "postgresql")]
    if any(is_slow):
        sys.exit(1)


def _measure(kind: str, places: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="smilepost-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        if kind == "sqlite":
            few, many = (chain(folder / str(n), f"sqlite:///{folder / f'{n}.sqlite3'}", n) for n in (FEW, places))
            return compare(kind, few, many, places)
        with postgres.running() as server:
            few, many = (chain(folder / str(n), new_database(server), n) for n in (FEW, places))
            return compare(kind, few, many, places)


def chain(folder: Path, url: str, places: int) -> Chain:
    """A centre with so many places, made straight in its database."""
    started = perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    centre = open_centre(Settings(data=folder, database_url=url))
    with centre.db.writing() as tx:
        found(tx, places, centre.now_ms())
        number_on(tx)
    analysed(centre)
    app, ids = create_app(centre), one_of_each(centre)
    print(f"  {places:>6,} places on {centre.db.dialect}: made in {perf_counter() - started:.0f} s", flush=True)
    return Chain(app, signed_in(app, centre), ids)


def number_on(tx: Connection) -> None:
    """The sequences don't know what was numbered by hand."""
    if tx.dialect.name == "postgresql":
        for table in (models.locations, models.touchpoints, models.users, models.grants):
            tx.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) FROM {table.name}"
            )


def analysed(centre: Centre) -> None:
    """As after a night's upkeep: the database knows how its rows are spread."""
    with centre.db.engine.connect() as raw:
        raw.exec_driver_sql("ANALYZE")
        raw.commit()


def found(tx: Connection, places: int, now_ms: int, *, answered: bool = True) -> None:
    random, today = Random(4), now_ms // DAY_MS
    locations, stores = _tree(places)
    numbers = {number: index for index, number in enumerate(stores)}
    append(tx, models.locations, [_row(models.locations, **each) for each in locations])
    spots = [(number, number, "Checkout") for number in stores]
    append(tx, models.touchpoints, [_row(models.touchpoints, id=a, location_id=b, name=c) for a, b, c in spots])
    seen = {number: now_ms - 60_000 - random.randrange(120_000) for number in stores}
    devices = [
        {"id": f"dev-{n:012x}", "generation": 1, "install": f"i{n}", "fingerprint": "", "app": "smilepost/1",
         "enrolled_ms": now_ms - 90 * DAY_MS, "contact_ms": seen[n], "stored_ms": seen[n], "complete_ms": seen[n],
         "seen_ms": 0, "seen_tries": 0}
        for n in stores
    ]  # fmt: skip
    append(tx, models.devices, [_row(models.devices, **each) for each in devices])
    pairs = [(f"scr-{n}", f"Screen {n}", f"dev-{n:012x}") for n in stores]
    append(tx, models.screens, [_row(models.screens, id=a, name=b, device_id=c) for a, b, c in pairs])
    append(tx, models.driven, [_row(models.driven, device_id=c, screen_id=a) for a, _, c in pairs])
    begun = {"from_ms": now_ms - 90 * DAY_MS}
    append(tx, models.placements, [
        _row(models.placements, id=f"plc-{n}", screen_id=f"scr-{n}", touchpoint_id=n, **begun) for n in stores
    ])  # fmt: skip
    counters = {"n": 900, "max_seq": 900, "sealed": 900}
    append(tx, models.streams, [
        _row(models.streams, stream=f"str-{n}", device_id=f"dev-{n:012x}", **counters) for n in stores
    ])  # fmt: skip
    if answered:
        _answer(tx, random, stores, today)
    _staff(tx, stores, numbers, now_ms)


def _answer(tx: Connection, random: Random, stores: list[int], today: int) -> None:
    for start in range(0, len(stores), 500):
        part = stores[start : start + 500]
        append(tx, models.tallies_day, [_tally(random, n, day) for n in part for day in range(today - DAYS, today + 1)])
    hours = [(today - back) * 24 + hour for back in (7, 14, 21) for hour in range(9, 19)]
    append(tx, models.tallies_hour, [_tally(random, n, hour, most=3) for n in stores for hour in hours])


def _tree(places: int) -> tuple[list[dict[str, Any]], list[int]]:
    """The locations, and the numbers of those that are stores: all in one group, or in regions of countries."""
    numbers, rows, stores = count(1), list[dict[str, Any]](), list[int]()

    def add(kind: str, name: str, above: dict[str, Any] | None, zone: str | None = None) -> dict[str, Any]:
        number = next(numbers)
        path = f"{above['path'] if above else '/'}{number}/"
        parent = above["id"] if above else None
        rows.append({"id": number, "parent_id": parent, "path": path, "kind": kind, "name": name, "zone": zone,
                     "hours": HOURS if above is None else None, "ref": f"R{number}"})  # fmt: skip
        return rows[-1]

    company = add("group", "Company", None, ZONES[0])
    if places <= 100:
        return rows, [add("store", f"Store {n}", company)["id"] for n in range(places)]
    regions = -(-places // (COUNTRIES * STORES))
    for country in range(COUNTRIES):
        nation = add("group", f"Country {country}", company, ZONES[country % len(ZONES)])
        for region in range(regions):
            county = add("group", f"Region {country}.{region}", nation)
            for store in range(STORES):
                if len(stores) < places:
                    stores.append(add("store", f"Store {country}.{region}.{store}", county)["id"])
    return rows, stores


def _tally(random: Random, place: int, bucket: int, most: int = 14) -> tuple[Any, ...]:
    counts = [random.randrange(1 + most // 4 * (1 + value)) for value in range(4)]
    return (
        place,
        BUILTIN.first.id,
        "",
        bucket,
        place,
        "en",
        False,
        sum(counts),
        *counts,
        *[0] * (len(models.VALUES) - 4),
    )


def _staff(tx: Connection, stores: list[int], numbers: dict[int, int], now_ms: int) -> None:
    append(tx, models.users, [
        _row(models.users, id=n, email=f"p{n}@example.com", name=f"Person {n}", created_ms=now_ms) for n in stores
    ])  # fmt: skip
    append(tx, models.grants, [
        _row(models.grants, id=n, user_id=n, location_id=n, role="manager") for n in stores
    ])  # fmt: skip
    by = audit.Actor("Person <p@example.com>")
    for number in stores[:: max(1, len(stores) // 2_000)]:
        subject = audit.Subject("place", str(number), f"Store {number}", f"/1/{number}/")
        audit.note(
            tx, by, "place renamed", subject, now_ms - numbers[number], before={"name": "A"}, after={"name": "B"}
        )


def _row(table: Any, **values: Any) -> tuple[Any, ...]:
    """In the order of the columns, with what holds where nothing is said."""
    return tuple(values.get(column.name, _default(column)) for column in table.columns)


def _default(column: Any) -> Any:
    if column.server_default is None:
        return None
    said = str(column.server_default.arg).strip("'")
    return said if column.type.python_type is str else int(said)


def one_of_each(centre: Centre) -> dict[str, str]:
    """The ids of one of each kind; of what was not made here, of the first there is."""
    tables = {"place": models.locations, "touchpoint": models.touchpoints, "screen": models.screens,
              "device": models.devices, "person": models.users, "template": models.touchpoint_templates,
              "key": models.api_keys}  # fmt: skip
    found = {"survey": BUILTIN.id}
    with centre.db.reading() as tx:
        for kind, table in tables.items():
            known = select(table.c.id).order_by(table.c.id)
            row = tx.execute(known.where(table.c.kind == "store") if kind == "place" else known).first()
            if row is not None:
                found[kind] = str(row[0])
    return {kind: found[kind] for kind in KINDS if kind in found}


def signed_in(app: Flask, centre: Centre) -> FlaskClient:
    client, now_ms = app.test_client(), centre.now_ms()
    with centre.db.writing() as tx:
        boss = people.add_user(
            tx, "astrid@example.com", "Astrid", f"a password {time_ns()}", roles=[("admin", None)], now_ms=now_ms
        )
        client.set_cookie(access.COOKIE, people.new_session(tx, boss, now_ms, second=True))
    return client


def pages(chain: Chain) -> Iterator[tuple[str, str]]:
    """Every page: how its address is written, and one of its addresses; a place's also for a group."""
    with chain.app.test_request_context():
        adapter = chain.app.url_map.bind("localhost")
        for rule in sorted(chain.app.url_map.iter_rules(), key=lambda rule: rule.rule):
            kinds = {name: access.kind_of(chain.app, rule.endpoint, name) for name in rule.arguments}
            said = access.declared(chain.app, rule.endpoint)
            if said is None or said.who != "permitted" or "GET" not in (rule.methods or ()):
                continue
            if any(kind not in chain.ids for kind in kinds.values()) or rule.endpoint in NOT_PAGES:
                continue
            ids = {name: chain.ids[kind or ""] for name, kind in kinds.items()}
            yield rule.rule, adapter.build(rule.endpoint, ids)
            if "place" in kinds.values():
                group = {name: "1" if kinds[name] == "place" else known for name, known in ids.items()}
                yield f"{rule.rule} (a group)", adapter.build(rule.endpoint, group)


def compare(kind: str, few: Chain, many: Chain, places: int) -> bool:
    """Whether a page is slow."""
    print(f"\n{kind}: milliseconds\n  {'page':<58} {FEW:>8,} {places:>8,}  growth", flush=True)
    is_slow = False
    there = dict(pages(many))
    for name, address in pages(few):
        first = few.client.get(address)
        if name not in there or first.mimetype != "text/html" or first.status_code != 200:
            continue  # a file holds what it holds, and nobody pairs a group
        here, far = timed(few, address, many, there[name])
        growth = far / here
        slow = growth > GROWTH and far - here > A_FEW_MS
        is_slow |= slow
        print(f"  {name:<58} {here:8.1f} {far:8.1f} {growth:7.2f}{'  slow' if slow else ''}", flush=True)
    return is_slow


def timed(few: Chain, near: str, many: Chain, far: str) -> tuple[float, float]:
    """The medians of interleaved rounds, warmed up, in milliseconds."""
    taken: tuple[list[float], list[float]] = ([], [])
    for number in range(ROUNDS + 2):
        for chain, address, into in ((few, near, taken[0]), (many, far, taken[1])):
            start = perf_counter()
            status = chain.client.get(address).status_code
            spent = (perf_counter() - start) * 1000
            if status >= 400:
                raise SystemExit(f"{address} answered {status}")
            if number >= 2:
                into.append(spent)
    return median(taken[0]), median(taken[1])
