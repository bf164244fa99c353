"""What every verb is made of: its line in the help, its configuration, its exit code."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from sync.config import Settings

OK, DIFFERENT, REFUSED = 0, 1, 2

Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
Run = Callable[[Settings, argparse.Namespace], int]
"""Does what was asked; returns the exit code."""


class Refused(Exception):
    """What was asked cannot be done; the message is one sentence."""


def add(verbs: Verbs, name: str, run: Run, does: str) -> argparse.ArgumentParser:
    """A verb that takes --config; `does` says in lower case what it does."""
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
    verb.add_argument("--config", type=Path, metavar="FILE", help="config.toml (default: none, the defaults hold)")
    verb.set_defaults(verb=run)
    return verb
