"""Histogram -> score, interval, words. No I/O, exact numbers; only the display rounds."""

from typing import NamedTuple


class Scale(NamedTuple):
    """A scale of answers: whole values `low` … `high`, the worst first; `family` names its score."""

    low: int
    high: int
    family: str


SCALES = {
    "smiley4": Scale(0, 3, "index"),
    "smiley5": Scale(0, 4, "index"),
    "nps11": Scale(0, 10, "nps"),
    "csat5": Scale(1, 5, "csat"),
    "ces7": Scale(1, 7, "ces"),
    "yesno": Scale(0, 1, "yes"),
}
