"""A briefing as plain data, in its reader's language: what a page, a letter, a sheet of paper and a tablet make of it
say the same. Who composes one decides what stands in it; nothing here is looked up. No I/O."""

from typing import Literal

import msgspec

Kind = Literal["crew", "store", "manager", "office"]


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sentence, or (`is_quote`) what a customer said: then `lang` is the language that it is in, where it is known,
    and `note` what stands under it in a lighter ink, such as a reason that was chosen. `address`: where one reads more,
    on this server ("/places/7"); empty where there is nothing."""

    text: str
    is_quote: bool = False
    lang: str = ""
    note: str = ""
    address: str = ""


class Block(msgspec.Struct, frozen=True, omit_defaults=True):
    """What belongs together. `key` names it for styles and tests (`words`, `praise`, `celebrate`, `learn`, `score`, …)
    and is never read by people; `rule` says how it was chosen."""

    key: str
    title: str
    lines: tuple[Line, ...]
    rule: str = ""


class Briefing(msgspec.Struct, frozen=True):
    """`day`: the local day on which it is read, since 1970-01-01; `date`: the same as words. `sentence` says it all in
    one, before anything else. `place` is the location's number (None: all that its reader may see), `name` its name."""

    kind: Kind
    place: int | None
    name: str
    title: str
    day: int
    date: str
    lang: str
    sentence: str
    blocks: tuple[Block, ...]
