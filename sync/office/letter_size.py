"""A briefing cut to what a letter may hold: mail programs show no more than about 100 kB of one, and some hide the end
with the link that stops it. Pure."""

import msgspec

from sync.office.briefing import Block, Briefing, Line
from sync.office.tongue import _, ngettext
from sync.office.writing import number

MOST_BLOCKS, MOST_LINES, MOST_OF_A_LINE, MOST = 16, 12, 800, 12_000
"""Blocks, lines of each, and characters, of a line and of all."""


def fitted(briefing: Briefing) -> Briefing:
    """The same, with its beginning whole; what is left out is counted where it stood."""
    left = MOST
    blocks = []
    for block in briefing.blocks[:MOST_BLOCKS]:
        lines: list[Line] = []
        for line in block.lines[:MOST_LINES]:
            cut = msgspec.structs.replace(line, text=_cut(line.text), note=_cut(line.note))
            left -= len(cut.text) + len(cut.note)
            if left < 0:
                break
            lines.append(cut)
        rest = len(block.lines) - len(lines)
        if rest:
            said = ngettext("{n} more is on the page.", "{n} more are on the page.", rest)
            lines.append(Line(said.format(n=number(rest))))
        blocks.append(Block(block.key, _cut(block.title), tuple(lines), _cut(block.rule)))
    return msgspec.structs.replace(briefing, blocks=tuple(blocks), sentence=_cut(briefing.sentence))


def _cut(text: str) -> str:
    return text if len(text) <= MOST_OF_A_LINE else _("{beginning}…").format(beginning=text[:MOST_OF_A_LINE].rstrip())
