"""The borders of the house: who may import whom. Read from the source, so that a lazy import counts as well."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from kiosk.config import Settings
from kiosk.terminal import Terminal

ROOT = Path(__file__).parents[1]
LEAVES = {"sync.wire", "sync.survey", "sync.scores", "sync.i18n", "sync.assets"}
"""What both ends know."""
SERIALISATION = "msgspec"
HANDED_ON = {"sync.cli", "sync.demo.run"}
"""The commands of the other program, which kiosk.cli imports when they are asked for."""
WEB = {"flask", "flask_htmx", "werkzeug"}
ROOMS_THAT_SPEAK_HTTP = {
    "kiosk.packing",
    "kiosk.app",
    "kiosk.screens",
    "kiosk.control",
    "kiosk.arrival",
    "kiosk.gateway",
    "kiosk.taking",
    "kiosk.handover",
    "kiosk.own",
    "kiosk.staff",
    "sync.app",
    "sync.packing",
    "sync.centre",
    "sync.access",
    "sync.speaking",
    "sync.bearer",
    "sync.observing",
    "sync.intake.api",
    "sync.office.pages",
}
NOT_ON_A_TERMINAL = {"sqlalchemy", "alembic", "babel", "argon2", "psycopg"}


class Import(NamedTuple):
    """`by` imports `name`; `lazily` inside a function."""

    by: str
    name: str
    lazily: bool


def modules() -> dict[str, Path]:
    paths = [path for package in ("kiosk", "sync") for path in sorted((ROOT / package).rglob("*.py"))]
    return {_module_name(path): path for path in paths if "_assets" not in path.parts}


def _module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports() -> Iterator[Import]:
    known = modules()
    for by, path in known.items():
        tree = ast.parse(path.read_text("utf-8"))
        inside = {child for node in ast.walk(tree) if _is_function(node) for child in ast.walk(node)}
        for node in ast.walk(tree):
            for name in _imported(node, by, set(known)):
                yield Import(by, name, node in inside)


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def _imported(node: ast.AST, by: str, known: set[str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"{by} imports relatively: write the whole name"
        base = node.module or ""
        # "from sync import wire" imports a module, "from sync.wire import Batch" something in one.
        return [f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base for alias in node.names]
    return []


def _package(name: str) -> str:
    return name.split(".")[0]


def _is_leaf(name: str) -> bool:
    """Whether it is one of the leaves, or a room inside one."""
    return name in LEAVES or name.rpartition(".")[0] in LEAVES


EVERY = list(imports())


def test_the_walk_sees_every_kind_of_import() -> None:
    assert Import("sync.scores.scales", "sync.survey", False) in EVERY
    assert Import("kiosk.cli", "sync.cli", True) in EVERY
    assert Import("sync.wire.messages", "msgspec", False) in EVERY


def test_a_terminal_imports_only_what_both_ends_know() -> None:
    foreign = [
        found
        for found in EVERY
        if _package(found.by) == "kiosk" and _package(found.name) == "sync" and found.name not in LEAVES
    ]
    handed_on = [found for found in foreign if found.by == "kiosk.cli" and found.lazily and found.name in HANDED_ON]
    assert [found for found in foreign if found not in handed_on] == []


def test_the_centre_never_imports_the_terminal() -> None:
    assert [found for found in EVERY if _package(found.by) == "sync" and _package(found.name) == "kiosk"] == []


def test_what_both_ends_know_needs_nothing_else() -> None:
    allowed = set(sys.stdlib_module_names) | {SERIALISATION}
    assert [
        found
        for found in EVERY
        if _is_leaf(found.by) and _package(found.name) not in allowed and not _is_leaf(found.name)
    ] == []


def test_only_the_rooms_at_the_door_speak_http() -> None:
    speaking = {found.by for found in EVERY if _package(found.name) in WEB}
    assert {name for name in speaking if not name.startswith("sync.office.pages.")} <= ROOMS_THAT_SPEAK_HTTP


def test_every_room_that_is_named_here_exists() -> None:
    assert set(modules()) >= LEAVES | HANDED_ON | ROOMS_THAT_SPEAK_HTTP


ASK_A_TERMINAL = """
import sys
from pathlib import Path
from kiosk import cli, config, serving
from kiosk.app import create_app
from kiosk.terminal import Terminal
terminal = Terminal(config.Settings(data=Path(sys.argv[1])))
page = create_app(terminal).test_client().get("/")
assert page.status_code == 200, page.status
terminal.stop()
print(*{name.split(".")[0] for name in sys.modules})
"""


def test_a_terminal_that_shows_its_question_loads_nothing_of_the_centres(tmp_path: Path) -> None:
    asked = [sys.executable, "-c", ASK_A_TERMINAL, str(tmp_path)]
    loaded = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert loaded.returncode == 0, loaded.stderr
    names = set(loaded.stdout.split())
    assert "flask" in names
    assert names & NOT_ON_A_TERMINAL == set()
    assert "requests" not in names  # not before there is something to send


@pytest.mark.parametrize("words", [["--help"], ["kiosk", "--help"], ["kiosk", "status"]])
def test_a_terminals_command_loads_nothing_of_the_centres(words: list[str], tmp_path: Path) -> None:
    Terminal(Settings(data=tmp_path / "smilepost-data")).stop()
    asked = [sys.executable, "-X", "importtime", "-m", "kiosk.cli", *words]
    told = subprocess.run(
        asked, cwd=tmp_path, capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert told.returncode == 0, told.stderr
    loaded = {_package(line.rpartition("|")[2].strip()) for line in told.stderr.splitlines() if "|" in line}
    assert "kiosk" in loaded
    assert loaded & NOT_ON_A_TERMINAL == set()
