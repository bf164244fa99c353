"""What every test may ask for: a database of each kind, a browser."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from werkzeug.routing import Rule

from sync.db import Database, open_database
from tests import postgres
from tests.compiled import Compiled
from tests.strictness import Strictness

BROWSER_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Nothing that a page asks for leaves this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": Compiled()}

MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30


def pytest_configure(config: pytest.Config) -> None:
    """Where there is room, the files of tests lie in memory: nothing here cuts the power under them, and thousands of
    commits wait for a disk otherwise. What does cut it chooses its own folder."""
    if MEMORY.is_mount() and shutil.disk_usage(MEMORY).free >= ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
    Rule._compile_builder = _kept(Rule._compile_builder)  # type: ignore[method-assign]


LONG = ("faults", "end_to_end")
"""Folders whose files keep a worker for half a minute with a handful of tests."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long files first, so that no worker is left alone with one at the end."""
    items.sort(key=lambda item: Path(item.path).parent.name not in LONG)


def _kept(compile_builder: Callable[..., Any]) -> Callable[..., Any]:
    """Flask makes Python code of every address. The same application is made thousands of times here: its code once."""
    made: dict[tuple[Any, ...], Any] = {}

    def compiled(rule: Rule, append_unknown: bool = True) -> Any:
        known = (tuple(rule._trace), append_unknown, repr(rule.defaults))
        if known not in made:
            made[known] = compile_builder(rule, append_unknown)
        return made[known]

    return compiled


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a running PostgreSQL."""
    with postgres.running() as address:
        yield address


@pytest.fixture
def empty_postgres(postgres_server: str) -> Iterator[str]:
    """The address of a PostgreSQL database with nothing in it."""
    with postgres.database(postgres_server) as address:
        yield address


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: str) -> Iterator[postgres.Shared]:
    """A PostgreSQL database with our tables, to empty and use."""
    with postgres.database(postgres_server) as address:
        yield postgres.Shared(address)


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with our tables, to copy."""
    path = tmp_path_factory.mktemp("migrated") / "centre.sqlite3"
    open_database(f"sqlite:///{path}", migrate=True).close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated, empty database of each kind."""
    if request.param == "sqlite":
        path = tmp_path / "centre.sqlite3"
        shutil.copyfile(request.getfixturevalue("migrated_file"), path)
        yield f"sqlite:///{path}"
        return
    shared: postgres.Shared = request.getfixturevalue("shared_postgres")
    yield shared.emptied()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty database of each kind, open."""
    opened = open_database(database_url, migrate=False)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium: /usr/bin/chromium, or what SMILEPOST_CHROMIUM names."""
    chromium = os.environ.get("SMILEPOST_CHROMIUM", "/usr/bin/chromium")
    if shutil.which(chromium) is None:
        reason = f"no Chromium at {chromium}: apt install chromium, or name one in SMILEPOST_CHROMIUM"
        if os.environ.get("SMILEPOST_REQUIRE_BROWSER") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, headless=True, args=BROWSER_ARGS)
        yield launched
        launched.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens pages, each in a browser context of its own with the options given (viewport, java_script_enabled, …);
    the test fails when one of them did what no page may."""
    contexts: list[BrowserContext] = []
    strictness = Strictness()

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, **options})
        contexts.append(strictness.watch(context))
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()
    assert strictness.complaints == []


@pytest.fixture
def browser_page(new_page: Callable[..., Page]) -> Page:
    """A page of 1280 × 800."""
    return new_page()
