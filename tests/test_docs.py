"""The papers under test: a command, an option or a key that nobody explains fails here."""

import argparse
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import kiosk.cli
import kiosk.config
import sync.cli
import sync.config

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
EXAMPLE = (ROOT / "config.example.toml").read_text("utf-8")
SETTINGS = {"kiosk": kiosk.config.Settings, "server": sync.config.Settings}
LINES = 120


def verbs(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Every command that does something, below this one."""
    below = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not below:
        yield parser
    for action in below:
        for verb in action.choices.values():
            yield from verbs(verb)


EVERY = [
    verb for top in (kiosk.cli.parser(), sync.cli.parser()) for verb in verbs(top) if verb.prog != "smilepost server"
]


def test_the_walk_finds_the_commands() -> None:
    assert {"smilepost demo", "smilepost kiosk run", "smilepost server user add"} <= {verb.prog for verb in EVERY}


@pytest.mark.parametrize("verb", EVERY, ids=lambda verb: verb.prog)
def test_every_verb_and_its_options_stand_in_the_readme(verb: argparse.ArgumentParser) -> None:
    assert verb.prog.removeprefix("smilepost ") in README
    options = [option for action in verb._actions for option in action.option_strings if option not in ("-h", "--help")]
    assert [option for option in options if not re.search(rf"{option}\b", README)] == []


@pytest.mark.parametrize("verb", EVERY, ids=lambda verb: verb.prog)
def test_every_verb_says_what_it_does(verb: argparse.ArgumentParser) -> None:
    assert verb.description
    assert [action.dest for action in verb._actions if not action.help] == []


def keys_of_the_example() -> dict[str, dict[str, object]]:
    """What would be set if every key of the example were: also those that have no default."""
    return tomllib.loads(re.sub(r"(?m)^# (?=[a-z_]+ = )", "", EXAMPLE))


@pytest.mark.parametrize("section", SETTINGS)
def test_every_key_stands_in_the_example(section: str) -> None:
    fields = {field.name for field in msgspec.structs.fields(SETTINGS[section])}
    assert set(keys_of_the_example()[section]) == fields


def test_every_key_of_the_example_is_explained() -> None:
    paragraphs = EXAMPLE.split("\n\n")
    keys = [paragraph for paragraph in paragraphs if re.search(r"(?m)^(# )?[a-z_]+ = ", paragraph)]
    assert len(keys) == sum(map(len, keys_of_the_example().values()))
    for paragraph in keys:
        *why, _ = paragraph.strip().splitlines()
        assert all(line.startswith("# ") for line in why), paragraph
        assert len(" ".join(why)) > 20, paragraph


def test_the_example_can_be_used_as_it_stands(tmp_path: Path) -> None:
    every = tmp_path / "config.toml"
    every.write_text(re.sub(r"(?m)^# (?=[a-z_]+ = )", "", EXAMPLE))
    assert kiosk.config.load(every).centre == "https://feedback.example.com"
    assert sync.config.load(every).public_url == "https://feedback.example.com"


def test_the_readme_is_short_and_its_pictures_and_papers_exist() -> None:
    assert len(README.splitlines()) <= LINES
    linked = re.findall(r"\]\((?!https?://|#)([^)#\s]+)", README)
    assert linked
    assert [name for name in linked if not (ROOT / name).exists()] == []


def test_the_two_commands_stand_there_to_be_copied() -> None:
    """The second is what continuous integration runs."""
    blocks = [block.strip().splitlines() for block in re.findall(r"(?ms)^```\n(.*?)^```$", README)]
    demo, tests = blocks[0], blocks[1]
    assert [len(demo), len(tests)] == [1, 1]
    assert re.fullmatch(r"python3 -m venv \.venv && \.venv/bin/pip install .* && \.venv/bin/smilepost demo", demo[0])
    assert re.fullmatch(r"python3 -m venv \.venv && \.venv/bin/pip install .* && \.venv/bin/pytest .*", tests[0])
