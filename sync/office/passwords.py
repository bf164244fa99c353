"""Passwords: which are good enough, and what is kept of them. Length is what counts, not which characters; what
everybody tries first is refused, and so is what anybody knows about the person."""

import secrets
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from sync.office.tongue import _

SHORTEST, LONGEST = 10, 200
COMMON = Path(__file__).parent / "common_passwords.txt"
"""Those that others chose most often, of SHORTEST characters and more; one a line, in lower case."""

# OWASP's minimum for argon2id (Password Storage Cheat Sheet): 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

Verify = Callable[[str, str], bool]
"""(stored hash, password) -> whether they fit; deliberately slow."""


def problem(password: str, known: Iterable[str] = ()) -> str | None:
    """Why this can't be a password; None when it can. `known`: what others know of the person, such as their name."""
    if not SHORTEST <= len(password) <= LONGEST:
        return _("A password has {least} to {most} characters, not {n}.").format(
            least=SHORTEST, most=LONGEST, n=len(password)
        )
    if not password.isprintable():
        return _("A password has no line breaks, tabs or other control characters.")
    if len(set(password)) < 3 or password.casefold() in _common():
        return _("This password is among the first that anybody would try. Several words in a row make a good one.")
    if _bare(password) and _bare(password) in {
        _bare(each) for text in known for each in (text, text.partition("@")[0])
    }:
        return _("This password is a name or an address that others know. Several words in a row make a good one.")
    return None


def hashed(password: str) -> str:
    """What is kept of it."""
    return _hasher.hash(_same(password))


def verify(stored: str, password: str) -> bool:
    """Takes as long for what doesn't fit."""
    try:
        return _hasher.verify(stored, _same(password[: LONGEST + 1]))
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(stored: str) -> bool:
    """Whether it was hashed more cheaply, or otherwise, than is done today."""
    return _hasher.check_needs_rehash(stored)


@cache
def nobodys() -> str:
    """The hash of a password that nobody knows: trying an account that isn't there costs the same."""
    return _hasher.hash(secrets.token_urlsafe())


def _same(password: str) -> str:
    """One keyboard makes é of one character, another of two."""
    return unicodedata.normalize("NFKC", password)


def _bare(text: str) -> str:
    """Letters and inner digits alone: "Astrid.Berg-1990" is still her name."""
    kept = "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())
    return kept.strip("0123456789") or kept


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text("utf-8").split())
