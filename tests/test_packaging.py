"""What is shipped: the wheel and the sdist hold everything, and what is installed from them works on its own."""

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
import requests

from kiosk.lean import lean
from kiosk.worker import STYLES
from tests.processes import free_ports, running

ROOT = Path(__file__).parents[1]
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "dist", "build", "smilepost-*"
)


def run(*command: str | Path, cwd: Path) -> str:
    """A command with no way back to the checkout; its output."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    told = subprocess.run([*map(str, command)], cwd=cwd, env=plain, capture_output=True, text=True, timeout=600)
    assert told.returncode == 0, told.stdout + told.stderr
    return told.stdout


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes environments with nothing but pip in them; gives the folder of their programs."""

    def make(name: str) -> Path:
        folder = tmp_path_factory.mktemp(name)
        venv.create(folder, with_pip=True, symlinks=True)
        return folder / ("Scripts" if sys.platform == "win32" else "bin")

    return make


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, clean: Callable[[str], Path]) -> dict[str, Path]:
    """A wheel of the checkout, an sdist of it, and a wheel of the sdist; built in a copy, where nothing lies about."""
    folder = tmp_path_factory.mktemp("build")
    shutil.copytree(ROOT, folder / "copy", ignore=LEFT_BEHIND)
    programs = clean("builder")
    run(programs / "pip", "install", "-q", "hatchling", cwd=folder)
    run(programs / "hatchling", "build", "-d", folder / "first", cwd=folder / "copy")
    (wheel,), (sdist,) = (folder / "first").glob("*.whl"), (folder / "first").glob("*.tar.gz")
    shutil.unpack_archive(sdist, folder / "unpacked")
    (unpacked,) = (folder / "unpacked").iterdir()
    run(programs / "hatchling", "build", "-t", "wheel", "-d", folder / "second", cwd=unpacked)
    (again,) = (folder / "second").glob("*.whl")
    return {"wheel": wheel, "sdist": sdist, "wheel of the sdist": again, "unpacked": unpacked}


def contents(wheel: Path) -> dict[str, bytes]:
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("RECORD")}


def files_below(folder: str) -> set[str]:
    paths = (path for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(ROOT)) for path in paths}


def test_the_wheel_holds_every_file_that_is_needed(built: dict[str, Path]) -> None:
    inside = set(contents(built["wheel"]))
    code = {name for package in ("kiosk", "sync") for name in files_below(package)}
    assets = {f"sync/_assets/{name}" for folder in ("templates", "static") for name in files_below(folder)}
    assert code - inside == set()
    assert assets - inside == set()
    for kind in (".mo", "script.py.mako", "env.py", "htmx.min.js", "tokens.css", "page.html"):
        assert any(name.endswith(kind) for name in inside), kind
    strays = {name for name in inside - code - assets if ".dist-info/" not in name}
    assert strays == set()


def test_the_wheel_of_the_sdist_is_the_same(built: dict[str, Path]) -> None:
    assert contents(built["wheel of the sdist"]) == contents(built["wheel"])


def test_the_sdist_can_be_worked_on(built: dict[str, Path]) -> None:
    expected = {"CHANGELOG.md", "LICENSE", "README.md", "SECURITY.md", "config.example.toml", "pyproject.toml", "tests"}
    assert expected <= {path.name for path in built["unpacked"].iterdir()}


def test_what_is_installed_serves_both_apps(
    built: dict[str, Path], clean: Callable[[str], Path], tmp_path: Path
) -> None:
    programs = clean("installed")
    run(programs / "pip", "install", "-q", built["wheel"], cwd=tmp_path)
    server, screen = free_ports(2)
    (tmp_path / "config.toml").write_text(f"[server]\nport = {server}\n[kiosk]\nport = {screen}\n")
    config, smilepost = tmp_path / "config.toml", [programs / "smilepost"]
    for words, port, page, style, parts in (
        (("server", "run"), server, "/sign-in", "/static/tokens.css", ("tokens.css",)),
        (("kiosk", "run"), screen, "/", "/screen.css", STYLES),
    ):
        base = f"http://127.0.0.1:{port}"
        health = f"{base}/healthz"
        with running(*words, "--config", config, cwd=tmp_path, health=health, program=smilepost):
            shown = requests.get(base + page, timeout=30)
            assert shown.status_code == 200
            assert style in shown.text
            styles = "".join(lean((ROOT / "static" / part).read_text("utf-8")) for part in parts)
            assert lean(requests.get(base + style, timeout=30).text) == styles
