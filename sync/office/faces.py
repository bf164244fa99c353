"""The faces and shades of answers, as the terminal shows them."""

from functools import cache

from markupsafe import Markup

from sync.assets import STATIC
from sync.survey import SCALES

_FACES = {
    "smiley4": ("awful", "poor", "good", "great"),
    "smiley5": ("awful", "poor", "fair", "good", "great"),
}
_RAMPS = {2: 4, 4: 4, 5: 5}


def face(scale_name: str, value: int) -> Markup:
    """The drawing of an answer, to stand in a page; empty on scales of numbers and words."""
    names = _FACES.get(scale_name)
    return _drawing(f"faces/{names[value]}.svg") if names else Markup("")


def mark() -> Markup:
    """Our own sign."""
    return _drawing("kiosk/mark.svg")


@cache
def _drawing(name: str) -> Markup:
    return Markup((STATIC / name).read_text(encoding="utf-8"))  # noqa: S704 - a file of our own


def shade(scale_name: str, value: int) -> str:
    """The class of an answer's colour, "ramp-4-0": its place on the ramp of its scale, or the nearest longer one."""
    low, high, _ = SCALES[scale_name]
    steps = _RAMPS.get(high - low + 1, 11)
    return f"ramp-{steps}-{round((value - low) * (steps - 1) / (high - low))}"
