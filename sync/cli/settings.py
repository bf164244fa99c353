"""`set` and `settings`: what the screens of a place are told."""

import argparse
import sys
from itertools import groupby
from pathlib import Path

from sqlalchemy import Connection

from sync.centre import open_centre
from sync.cli import deeds, plans, verbs
from sync.cli.verbs import OK, Refused, Verbs
from sync.config import Settings
from sync.office import enrolling, settings
from sync.office.enrolling import Spot
from sync.office.papers import MOST
from sync.office.settings import KEYS, Given, Holding, Source

MOST_SHOWN = 60
"""Characters of a value in a list."""


def add(to: Verbs) -> None:
    alike = groupby(KEYS.items(), key=lambda pair: pair[1].allowed)
    keys = "; ".join(f"{', '.join(name for name, _ in pairs)}: {allowed}" for allowed, pairs in alike)
    setting = verbs.add(to, "set", _set, "set what the screens of a place, or of a group of places, show and how they "
                        "wait; they follow within a quarter of an hour")  # fmt: skip
    _where(setting)
    setting.add_argument("key", metavar="KEY", help=keys)
    setting.add_argument("value", metavar="VALUE", nargs="?", help="what holds from now on; a FILE for logo and "
                         "messages; - reads it from standard input")  # fmt: skip
    setting.add_argument("--inherit", action="store_true", help="take the place's own value out: what holds above it "
                         "holds here as well")  # fmt: skip
    told = verbs.add(to, "settings", _settings, "show what the screens of a place are told, and where that was set")
    _where(told)


def _where(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("place", metavar="PLACE", help="the name of a place or of a group of places")
    verb.add_argument("--touchpoint", metavar="NAME", help="one touchpoint of the place alone (default: all of them)")


def _set(server: Settings, asked: argparse.Namespace) -> int:
    if asked.inherit == (asked.value is not None):
        raise Refused("Give either a VALUE, or --inherit to take the place's own value out.")
    given = _given(asked.key, asked.value) if asked.value is not None else None
    centre = open_centre(server, migrate=False)
    try:
        with centre.db.writing() as tx:
            spot = enrolling.must_find_spot(tx, asked.place, asked.touchpoint)
            before = {each.key: each.shown for each in settings.known(tx, spot.location, spot.touchpoint)}
            if given is None:
                was_set = settings.take_out(tx, spot.location, spot.touchpoint, asked.key)
            else:
                settings.put(tx, spot.location, spot.touchpoint, asked.key, given, centre.now_ms())
            holding = _holding(tx, spot, asked.key)
            if given is not None or was_set:
                was, is_now = {asked.key: before[asked.key]}, {asked.key: holding.shown, "setting": asked.key}
                deeds.at_spot(tx, spot, "setting changed", centre.now_ms(), was, is_now)
    except settings.BadSetting as problem:
        raise Refused(str(problem)) from None
    finally:
        centre.db.close()
    if given is None and not was_set:
        print(f"Nothing was set at {spot.name} itself. {asked.key} is {holding.shown} there, {_from(holding.source)}.")
    elif given is None:
        print(f"{asked.key} is {holding.shown} at {spot.name} now, {_from(holding.source)}.")
    else:
        print(f"{asked.key} is {holding.shown} at {spot.name} now. Its screens follow within a quarter of an hour.")
    return OK


def _given(key: str, value: str) -> Given:
    if value == "-":
        return sys.stdin.buffer.read(8 * MOST) if _is_file(key) else sys.stdin.readline()
    return content(Path(value)) if _is_file(key) else value


def _is_file(key: str) -> bool:
    return key in KEYS and KEYS[key].is_file


def content(file: Path) -> bytes:
    """What a file holds, as far as anything may be that long. Raises Refused."""
    try:
        with file.open("rb") as opened:
            return opened.read(8 * MOST)
    except OSError as problem:
        raise Refused(f"{file} cannot be read: {problem.strerror or problem}.") from None


def _holding(tx: Connection, spot: Spot, key: str) -> Holding:
    return next(each for each in settings.known(tx, spot.location, spot.touchpoint) if each.key == key)


def _settings(server: Settings, asked: argparse.Namespace) -> int:
    centre = open_centre(server, migrate=False)
    try:
        with centre.db.reading() as tx:
            spot = enrolling.must_find_spot(tx, asked.place, asked.touchpoint)
            found = settings.known(tx, spot.location, spot.touchpoint)
            ahead = plans.planned(tx, spot, centre.now_ms())
    finally:
        centre.db.close()
    rows = [(each.key, _short(each.shown), _from(each.source)) for each in found]
    wide, wider = (max(len(row[column]) for row in rows) for column in (0, 1))
    print(f"What screens at {spot.name} are told:")
    for key, shown, source in rows:
        print(f"  {key:<{wide}}  {shown:<{wider}}  {source}")
    for sentence in ahead:
        print(sentence)
    return OK


def _short(shown: str) -> str:
    return shown if len(shown) <= MOST_SHOWN else f"{shown[: MOST_SHOWN - 1]}…"


def _from(source: Source | None) -> str:
    if source is None:
        return "as everywhere by default"
    return f"set at {source.place}" + (f", {source.touchpoint}" if source.touchpoint else "")
