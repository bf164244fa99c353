"""How to reach a customer who asked for it: kept with their draft, sealed as an entry of its own. No I/O."""

import re
from typing import Annotated, NamedTuple

import msgspec

from sync import wire

MAX_NAME = 80
MAX_REACH = 120
"""Characters; the screen enforces both."""
FEWEST_DIGITS = 5
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Reach(msgspec.Struct, frozen=True):
    """As they typed it: a telephone number or mail address in `reach`, `name` may be empty. `consent`: the question
    whose sentence they agreed to. `id` is the entry's own."""

    id: wire.Id
    consent: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,39}$")]
    name: Annotated[str, msgspec.Meta(max_length=MAX_NAME)]
    reach: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_REACH)]


class Typed(NamedTuple):
    """What stands in the form for it; nothing of this is kept unless somebody agrees."""

    name: str = ""
    reach: str = ""
    agrees: bool = False

    @property
    def missing(self) -> frozenset[str]:
        """What it lacks to be used: `reach`, `consent`."""
        lacks = {"reach": not can_be_reached(self.reach), "consent": not self.agrees}
        return frozenset(name for name, is_missing in lacks.items() if is_missing)


BLANK = Typed()


def can_be_reached(reach: str) -> bool:
    """Whether it looks like a mail address or a telephone number; whether it is one only trying would tell."""
    return bool(_MAIL.fullmatch(reach.strip())) or sum(c.isdecimal() for c in reach) >= FEWEST_DIGITS


def answers(reach: Reach) -> dict[str, str]:
    """What the entry says: free texts like any other, so that they are hashed and wiped like them."""
    return {name: text for name, text in (("name", reach.name), ("reach", reach.reach)) if text}
