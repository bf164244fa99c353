"""Head office's pages over the same places with few responses and with very many: what a page costs must not grow with
what was answered.

    python -m tests.bench pages --responses 10000000 [--places 2000] [--database sqlite|postgresql]

400 days of tallies and sums are written straight into the database, as so many responses would have left them: at every
place two languages and, of one answer in ten, a flag. The overview and a place's page must cost at most GROWTH times as
much, median of 20 interleaved rounds; the rows that a page fetches are counted, too. Exit code 1 when one does not."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

from sqlalchemy import Connection
from sqlalchemy.engine.cursor import CursorFetchStrategy

from sync import models
from sync.centre import Centre, open_centre
from sync.config import Settings
from sync.intake import sums
from sync.rows import append
from sync.survey import BUILTIN
from tests import postgres
from tests.bench import pages
from tests.bench.ingest import new_database

FEW = 100_000
DAYS, HOUR_DAYS = 400, 28
ROUNDS, WARM = 20, 3
GROWTH = 1.3
AT_ONCE = 200
LANGS = ("en", "nl")


class Rows:
    """How many rows are fetched through the cursor while this is open."""

    def __init__(self) -> None:
        self.n = 0

    def __enter__(self) -> "Rows":
        plain = {name: getattr(CursorFetchStrategy, name) for name in ("fetchone", "fetchmany", "fetchall")}
        self._plain = plain

        def counting(name: str) -> Any:
            def fetch(*args: Any, **options: Any) -> Any:
                found = plain[name](*args, **options)
                self.n += (found is not None) if name == "fetchone" else len(found)
                return found

            return fetch

        for name in plain:
            setattr(CursorFetchStrategy, name, counting(name))
        return self

    def __exit__(self, *_: object) -> None:
        for name, plain in self._plain.items():
            setattr(CursorFetchStrategy, name, plain)


class Volume(NamedTuple):
    chain: pages.Chain
    centre: Centre
    responses: int


def main(responses: int, places: int, kinds: tuple[str, ...]) -> bool:
    """Whether a page grows too much."""
    is_slow = [_measure(kind, responses, places) for kind in kinds]
    return any(is_slow)


def _measure(kind: str, responses: int, places: int) -> bool:
    with tempfile.TemporaryDirectory(prefix="smilepost-bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        if kind == "sqlite":
            few, many = (
                made(folder / str(n), f"sqlite:///{folder / f'{n}.sqlite3'}", places, n) for n in (FEW, responses)
            )
            return compare(kind, few, many)
        with postgres.running() as server:
            few, many = (made(folder / str(n), new_database(server), places, n) for n in (FEW, responses))
            return compare(kind, few, many)


def made(folder: Path, url: str, places: int, responses: int) -> Volume:
    """A centre with so many places, and what so many responses leave behind."""
    started = perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    centre = open_centre(Settings(data=folder, database_url=url))
    with centre.db.writing() as tx:
        pages.found(tx, places, centre.now_ms(), answered=False)
        pages.number_on(tx)
    stores = _stores(centre)
    random, today = Random(7), centre.now_ms() // pages.DAY_MS
    mean = responses / (len(stores) * DAYS)
    for start in range(0, len(stores), AT_ONCE):
        with centre.db.writing() as tx:
            _answer(tx, random, stores[start : start + AT_ONCE], today, mean)
    with centre.db.writing() as tx:
        sums.mark_all(tx)
    sums.fold(centre.db, centre.now_ms())
    pages.analysed(centre)
    app, ids = pages.create_app(centre), pages.one_of_each(centre)
    print(f"  {responses:>10,} responses, {places:,} places on {centre.db.dialect}: "
          f"{perf_counter() - started:.0f} s", flush=True)  # fmt: skip
    return Volume(pages.Chain(app, pages.signed_in(app, centre), ids), centre, responses)


def _stores(centre: Centre) -> list[int]:
    table = models.locations.c
    with centre.db.reading() as tx:
        return list(
            tx.execute(models.locations.select().with_only_columns(table.id).where(table.kind == "store")).scalars()
        )


def _answer(tx: Connection, random: Random, stores: list[int], today: int, mean: float) -> None:
    days, hours = list[tuple[Any, ...]](), list[tuple[Any, ...]]()
    for store in stores:
        for day in range(today - DAYS + 1, today + 1):
            n = int(random.gauss(mean, mean**0.5) + random.random()) if mean > 1 else int(random.random() < mean)
            for row in _split(random, store, day, n):
                days.append(row)
            if n and day > today - HOUR_DAYS:
                hours += [
                    _row(random, store, day * 24 + 9 + at % 10, "en", False, max(n // 10, 1))
                    for at in range(min(n, 10))
                ]
    append(tx, models.tallies_day, days)
    append(tx, models.tallies_hour, hours)


def _split(random: Random, store: int, day: int, n: int) -> Iterator[tuple[Any, ...]]:
    dutch, flagged = n // 3, n // 10
    for lang, aside, some in (
        (LANGS[0], False, n - dutch - flagged),
        (LANGS[1], False, dutch),
        (LANGS[0], True, flagged),
    ):
        if some > 0:
            yield _row(random, store, day, lang, aside, some)


def _row(random: Random, store: int, bucket: int, lang: str, aside: bool, n: int) -> tuple[Any, ...]:
    counts = [0, 0, 0, 0]
    for value in random.choices(range(4), (1, 1, 3, 5), k=n):
        counts[value] += 1
    return (store, BUILTIN.first.id, "", bucket, store, lang, aside, n, *counts, *[0] * (len(models.VALUES) - 4))


def compare(kind: str, few: Volume, many: Volume) -> bool:
    print(
        f"\n{kind}: milliseconds (rows fetched)\n  {'page':<34} {few.responses:>18,} {many.responses:>18,}  ratio",
        flush=True,
    )
    store = few.chain.ids["place"]
    gated = {"/": "/", "a place": f"/locations/{store}"}
    others = {
        "a country": "/locations/2", "by score": "/?sort=score", "by change": "/?sort=change", "ranking": "/ranking",
        "91 days": "/?days=91", "in Dutch, mornings": "/?lang=nl&hours=9-12",
    }  # fmt: skip
    is_slow = False
    for name, address in {**gated, **others}.items():
        (near, near_rows), (far, far_rows) = _timed(few, many, address)
        ratio = far / near
        is_slow |= name in gated and ratio > GROWTH
        said = "  too much" if name in gated and ratio > GROWTH else "" if name in gated else "  (not held)"
        print(
            f"  {name:<34} {near:9.1f} {f'({near_rows:,})':>8} {far:9.1f} {f'({far_rows:,})':>8} {ratio:6.2f}{said}",
            flush=True,
        )
    return is_slow


def _timed(few: Volume, many: Volume, address: str) -> tuple[tuple[float, int], tuple[float, int]]:
    """The medians of interleaved rounds in milliseconds, and the rows that one fetches."""
    taken: dict[int, list[float]] = {0: [], 1: []}
    rows = [0, 0]
    for number in range(ROUNDS + WARM):
        for side, volume in enumerate((few, many)):
            started = perf_counter()
            status = volume.chain.client.get(address).status_code
            spent = (perf_counter() - started) * 1000
            if status != 200:
                raise SystemExit(f"{address} answered {status}")
            if number >= WARM:
                taken[side].append(spent)
    for side, volume in enumerate((few, many)):
        with Rows() as counted:
            volume.chain.client.get(address)
        rows[side] = counted.n
    return (median(taken[0]), rows[0]), (median(taken[1]), rows[1])
