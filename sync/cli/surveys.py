"""`survey …`: what is asked, as data."""

import argparse
from pathlib import Path

import msgspec
from sqlalchemy import Connection

from sync import survey
from sync.centre import open_centre
from sync.cli import deeds, plans, verbs
from sync.cli.settings import content
from sync.cli.verbs import OK, Refused, Verbs
from sync.config import Settings
from sync.intake import quarantine
from sync.office import enrolling, papers, publishing, settings, survey_files, surveys
from sync.office.enrolling import Spot
from sync.office.forms import Wrong
from sync.survey import Survey


def add(to: Verbs) -> None:
    below = to.add_parser("survey", help="what is asked, as data", description="What is asked, as data.")
    inside = below.add_subparsers(title="verbs", metavar="VERB", required=True)
    file = "the survey as JSON or TOML; `survey show builtin` prints one to start from"
    check = verbs.add(inside, "check", _check, "say whether a survey can be published, and what is wrong with it")
    check.add_argument("file", type=Path, metavar="FILE", help=file)
    publish = verbs.add(inside, "publish", _publish, "publish a version of a survey, which never changes from then on; "
                        "screens that ask the survey follow within a quarter of an hour")  # fmt: skip
    publish.add_argument("file", type=Path, metavar="FILE", help=file)
    publish.add_argument("--at", metavar="PLACE", help="let a place, or a group of places, ask it")
    ask = verbs.add(inside, "ask", _ask, "let a place, or a group of places, ask a published survey")
    ask.add_argument("id", metavar="ID", help="the survey's id; builtin is the one that comes with Smilepost")
    ask.add_argument("place", metavar="PLACE", help="the name of a place or of a group of places")
    for verb in (publish, ask):
        verb.add_argument("--touchpoint", metavar="NAME", help="one touchpoint of the place alone (default: all)")
    show = verbs.add(inside, "show", _show, "print a survey as JSON")
    show.add_argument("id", metavar="ID", help="the survey's id, such as builtin")
    show.add_argument("--version", type=int, metavar="N", help="an older version (default: the newest)")
    verbs.add(inside, "list", _list, "list the surveys, their versions and where they are asked")


def _read(file: Path) -> Survey:
    try:
        if file.suffix.lower() == ".toml":
            read = survey_files.read(content(file))
            survey.check(read)
            return read
        return survey.load(papers.text(content(file)).encode())
    except Wrong as problem:
        raise Refused(f"{file}: {problem}") from None
    except papers.BadPaper as problem:
        raise Refused(f"{file} {problem}.") from None
    except survey.BadSurvey as problem:
        raise Refused(f"{file} is no survey that can be asked: {problem}.") from None


def _check(server: Settings, asked: argparse.Namespace) -> int:
    definition = _read(asked.file)
    centre = open_centre(server, migrate=False)
    try:
        with centre.db.reading() as tx:
            is_new = surveys.check(tx, definition)
    except surveys.BadVersion as problem:
        raise Refused(str(problem)) from None
    finally:
        centre.db.close()
    print(f"{_named(definition)} {'can be' if is_new else 'is already'} published.")
    return OK


def _publish(server: Settings, asked: argparse.Namespace) -> int:
    definition = _read(asked.file)
    if asked.touchpoint and not asked.at:
        raise Refused("--touchpoint names one of a place: it goes with --at PLACE.")
    centre = open_centre(server, migrate=False)
    try:
        with centre.db.writing() as tx:
            is_new = publishing.by_command(tx, definition, centre.now_ms())
            spot = _let_ask(tx, definition.id, asked.at, asked.touchpoint, centre.now_ms()) if asked.at else None
            ahead = _planned(tx, spot, centre.now_ms()) if spot else []
            waiting = quarantine.waiting_for(tx, definition)
    except surveys.BadVersion as problem:
        raise Refused(str(problem)) from None
    finally:
        centre.db.close()
    print(f"{_named(definition)} is {'published' if is_new else 'published already, with the same content'}.")
    if spot:
        print(_asks(spot, definition.id), *ahead, sep="\n")
    if waiting:
        print(f"{waiting} answers to it came before it was known and are kept apart: `smilepost server "
              f"replay-quarantine` counts them.")  # fmt: skip
    return OK


def _ask(server: Settings, asked: argparse.Namespace) -> int:
    centre = open_centre(server, migrate=False)
    try:
        with centre.db.writing() as tx:
            spot = _let_ask(tx, asked.id, asked.place, asked.touchpoint, centre.now_ms())
            ahead = _planned(tx, spot, centre.now_ms())
    finally:
        centre.db.close()
    print(_asks(spot, asked.id), *ahead, sep="\n")
    return OK


def _let_ask(tx: Connection, name: str, place: str, touchpoint: str | None, now_ms: int) -> Spot:
    spot = enrolling.must_find_spot(tx, place, touchpoint)
    try:
        settings.put(tx, spot.location, spot.touchpoint, "survey", name, now_ms)
        deeds.at_spot(tx, spot, "survey chosen", now_ms, {}, {"survey": name})
    except settings.BadSetting as problem:
        raise Refused(str(problem)) from None
    return spot


def _planned(tx: Connection, spot: Spot, now_ms: int) -> list[str]:
    """What goes before what was chosen; nothing goes before what was chosen for one touchpoint."""
    return [] if spot.touchpoint else plans.planned(tx, spot, now_ms)


def _asks(spot: Spot, name: str) -> str:
    return f"{spot.name} asks {name!r} now. Its screens follow within a quarter of an hour."


def _show(server: Settings, asked: argparse.Namespace) -> int:
    centre = open_centre(server, migrate=False)
    try:
        with centre.db.reading() as tx:
            found = surveys.newest(tx, [asked.id]).get(asked.id)
            if asked.version is not None:
                found = surveys.published(tx, asked.id, asked.version)
            known = [version for version in surveys.versions(tx) if version.id == asked.id]
            names = sorted(surveys.names(tx))
    finally:
        centre.db.close()
    if found is None and known:
        there = ", ".join(str(version.version) for version in known)
        raise Refused(f"There is no version {asked.version} of {asked.id!r}: {there} are published.")
    if found is None:
        raise Refused(f"There is no survey {asked.id!r}: {', '.join(names)} are published.")
    print(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    return OK


def _list(server: Settings, asked: argparse.Namespace) -> int:
    centre = open_centre(server, migrate=False)
    try:
        with centre.db.reading() as tx:
            newest, versions = surveys.newest(tx), surveys.versions(tx)
            places = surveys.places(tx)
    finally:
        centre.db.close()
    for name, definition in newest.items():
        count = sum(version.id == name for version in versions) or 1
        older = f", {count - 1} older" if count > 1 else ""
        print(f"{name}: version {definition.version}{older}; {', '.join(definition.languages)}; "
              f"{_where(name, places.get(name, []))}")  # fmt: skip
    return OK


def _where(name: str, places: list[str]) -> str:
    everywhere = ["everywhere else"] if name == survey.BUILTIN.id else []
    return f"asked at {', '.join([*places, *everywhere])}" if places or everywhere else "asked nowhere"


def _named(definition: Survey) -> str:
    return f"Version {definition.version} of {definition.id!r}"
