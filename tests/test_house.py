"""The house itself: what stands at the top, what rooms are called, what leaves it."""

import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parents[1]
AT_THE_TOP = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "SECURITY.md",
    "config.example.toml",
    "kiosk",
    "pyproject.toml",
    "static",
    "sync",
    "templates",
    "tests",
}
SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "base", "core"}
NAMESPACES = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
"""Addresses that are names, and never asked."""


def at_the_top() -> set[str]:
    """What belongs to the house; without git (an unpacked sdist), everything but what a day's work leaves behind."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
        return {name.split("/")[0] for name in listed.stdout.split("\0") if name}
    left_behind = [line.strip("/") for line in (ROOT / ".gitignore").read_text().split()]
    return {path.name for path in ROOT.iterdir() if not any(fnmatch(path.name, pattern) for pattern in left_behind)}


def test_nothing_else_stands_at_the_top() -> None:
    kept = at_the_top()
    assert kept - AT_THE_TOP == set()
    # An unpacked sdist comes without what is only for working on it.
    assert AT_THE_TOP - kept <= {".ci"}


def test_a_room_says_by_its_name_what_is_in_it() -> None:
    names = {path.stem for package in ("kiosk", "sync", "tests") for path in (ROOT / package).rglob("*.py")}
    assert names & SAY_NOTHING == set()


def test_nothing_is_fetched_from_another_host() -> None:
    files = [path for folder in ("templates", "static") for path in (ROOT / folder).rglob("*") if path.is_file()]
    pages = [path for path in files if path.suffix in (".html", ".css", ".js", ".svg") and "vendor" not in path.parts]
    assert pages
    named = {
        (str(path.relative_to(ROOT)), address)
        for path in pages
        for address in re.findall(r"(?:https?:)?//[a-z0-9][a-z0-9.-]*\.[a-z]{2,}[^\s\"')<]*", path.read_text("utf-8"))
        if address not in NAMESPACES
    }
    assert named == set()


def test_a_vendored_library_says_its_version_in_its_path_and_brings_its_licence() -> None:
    libraries = list((ROOT / "static" / "vendor").iterdir())
    assert libraries
    for library in libraries:
        assert re.fullmatch(r".+@\d+\.\d+\.\d+", library.name)
        assert (library / "LICENSE").is_file()
