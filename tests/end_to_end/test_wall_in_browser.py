"""A screen on a wall hangs there for months: a day of it, on a clock that the test turns."""

import os
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, Page, expect
from sqlalchemy import select
from werkzeug.serving import make_server

from sync import models
from sync.centre import open_centre
from sync.config import Settings
from sync.office import audit, walls
from tests.end_to_end.test_pages_in_browser import WIDTHS, NewPage, Town, complaints, scrolls_sideways
from tests.sync.conftest import Clock

MINUTE_MS = 60_000
STEP_MS = 10 * MINUTE_MS
DAY = 24 * 60 // 10
HEAP = 300_000
"""Bytes that the page may differ between one look and another: less than two for each minute of a day."""


@pytest.fixture
def wall(migrated_file: Path, tmp_path: Path) -> Iterator[Town]:
    (tmp_path / "centre.sqlite3").write_bytes(migrated_file.read_bytes())
    clock = Clock()
    centre = open_centre(Settings(data=tmp_path), clock)
    town = Town(centre, clock)
    server = make_server("127.0.0.1", 0, town.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    with centre.db.writing() as tx:
        _, token = walls.make(tx, audit.COMMAND, "Canteen", town.oslo, "en", clock())
    town.address = f"http://127.0.0.1:{server.server_port}/wall/{token}"
    yield town
    server.shutdown()
    thread.join()
    server.server_close()
    centre.db.close()


def fill(town: Town) -> None:
    for days_ago in range(7):
        town.visits(town.oslo, [3] * 30 + [2] * 6 + [0] * (2 + 3 * (days_ago == 2)), days_ago=days_ago)
    town.comment(town.oslo, "Lovely people, and they carried the washing machine to the third floor!")
    with town.centre.db.writing() as tx:
        kind = tx.execute(select(models.responses.c.id).where(models.responses.c.commented)).scalar()
        row = {"response_id": kind, "praise_id": town.oslo, "praised_ms": town.clock(), "praised_by": "Astrid"}
        tx.execute(models.moderation.insert().values(row))


def heap(session: CDPSession) -> tuple[int, int]:
    """Bytes in use, and nodes of the page, after everything that can go has gone."""
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    used = session.send("Runtime.getHeapUsage")["usedSize"]
    return int(used), int(session.send("Memory.getDOMCounters")["nodes"])


def local(ms: int) -> str:
    """On the clock of Oslo, in winter."""
    return f"{ms // (60 * MINUTE_MS) % 24 + 1:02}:{ms // MINUTE_MS % 60:02}".replace("24:", "00:")


def test_a_wall_hangs_for_a_day(new_page: NewPage, wall: Town) -> None:
    fill(wall)
    page = new_page(viewport={"width": 1280, "height": 720})
    said = complaints(page)
    page.clock.install()
    page.goto(wall.address)
    number = page.locator(".number")
    expect(number).to_have_text("39")
    session = page.context.new_cdp_session(page)
    before = (0, 0)
    for step in range(DAY):
        wall.clock.ms += STEP_MS
        if step % 24 == 10:
            wall.visits(wall.oslo, [3])
        with page.expect_response(lambda answer: "/now" in answer.url):
            page.clock.fast_forward(STEP_MS)
        expect(page.locator(".asof")).to_contain_text(local(wall.clock.ms))
        if step == 12:
            before = heap(session)
    after = heap(session)
    assert after[0] - before[0] < HEAP
    assert after[1] <= before[1] + 50
    expect(number).not_to_have_text("39")
    expect(page.locator("#wall")).not_to_have_class("stale")
    assert said == []


def test_a_wall_greys_when_nobody_answers_and_comes_back(new_page: NewPage, wall: Town) -> None:
    fill(wall)
    page = new_page()
    page.clock.install()
    page.goto(wall.address)
    expect(page.locator(".lost")).to_be_hidden()
    page.context.set_offline(True)
    for _ in range(4):
        page.clock.fast_forward(MINUTE_MS)
    expect(page.locator(".lost")).to_be_visible()
    expect(page.locator("#wall")).to_have_class("wall stale")
    page.context.set_offline(False)
    page.clock.fast_forward(MINUTE_MS)
    expect(page.locator(".lost")).to_be_hidden()


@pytest.mark.parametrize(("width", "scheme"), [("phone", "light"), ("tablet", "dark"), ("laptop", "light")])
def test_everybody_can_read_a_wall(new_page: NewPage, wall: Town, width: str, scheme: str) -> None:
    page = new_page(viewport=dict(zip(("width", "height"), WIDTHS[width], strict=True)), color_scheme=scheme)
    page.goto(wall.address)
    looked_at(page, f"empty-{width}")
    fill(wall)
    page.goto(wall.address)
    looked_at(page, f"{width}-{scheme}")


def looked_at(page: Page, name: str) -> None:
    if folder := os.environ.get("LOOK"):
        page.screenshot(path=f"{folder}/wall-{name}.png")
    assert not scrolls_sideways(page)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
