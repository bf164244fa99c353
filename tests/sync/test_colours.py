"""A store's own colour: what can be read on the screen's paper, and its twin in the dark."""

import re

import pytest

from sync.assets import STATIC
from sync.office import colours
from sync.office.colours import DARK, LIGHT, BadColour


def tokens() -> tuple[dict[str, str], dict[str, str]]:
    """Every colour of tokens.css, in light and in dark."""
    light, dark = (STATIC / "tokens.css").read_text().split("prefers-color-scheme: dark")
    found = (dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", part)) for part in (light, dark))
    return next(found), next(found)


def test_the_papers_and_inks_are_those_of_the_tokens() -> None:
    light, dark = tokens()
    assert (light["paper"], light["card"], light["on-accent"], light["ink"]) == (*LIGHT[:2], *LIGHT.inks)
    assert (dark["paper"], dark["card"], dark["on-accent"], dark["ink"]) == (*DARK[:2], *DARK.inks)


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [
        ("#000000", "#ffffff", 21.0),
        ("#777777", "#ffffff", 4.48),
        ("#ff0000", "#ffffff", 4.0),
        ("#33468c", "#33468c", 1),
    ],
)
def test_contrast_is_what_wcag_says(one: str, other: str, ratio: float) -> None:
    assert colours.contrast(one, other) == pytest.approx(ratio, abs=0.005)
    assert colours.contrast(other, one) == colours.contrast(one, other)


@pytest.mark.parametrize("colour", ["#33468c", "#000000", "#8a0f0f", "#0a6b35", "#5c2d91", "#00607f"])
def test_a_colour_that_can_be_read_can_be_read_everywhere(colour: str) -> None:
    made = colours.accent(colour)
    grounds = [(made.light, ground) for ground in LIGHT[:2]] + [(made.dark, ground) for ground in DARK[:2]]
    for one, other in [*grounds, (made.light, made.on_light), (made.dark, made.on_dark)]:
        assert colours.contrast(one, other) >= colours.ENOUGH


def test_our_own_accent_needs_no_other_twin_than_a_readable_one() -> None:
    assert colours.accent(" 33468C ") == colours.accent("#33468c")
    assert colours.accent("#33468c").on_light == "#ffffff"
    # No lighter than it has to be.
    assert colours.contrast(colours.accent("#33468c").dark, DARK.card) < colours.ENOUGH + 0.3


@pytest.mark.parametrize(
    ("colour", "sentence"),
    [
        ("red", "'red' is no colour: one is # and six digits from 0 to f, such as #33468c."),
        ("#12", "'#12' is no colour"),
        ("#33468c\n;}", "is no colour"),
        ("#e0c040", "#e0c040 on the screen's paper has a contrast of 1.6 : 1; at least 4.5 : 1 is needed."),
        ("#ffffff", "#ffffff on the screen's paper has a contrast of 1.0 : 1"),
        ("#767676", "#767676 on the screen's paper has a contrast of 4.2 : 1"),
    ],
)
def test_a_colour_nobody_could_read_is_refused_with_its_number(colour: str, sentence: str) -> None:
    with pytest.raises(BadColour) as refused:
        colours.accent(colour)
    assert sentence in str(refused.value)


def test_just_too_little_is_not_rounded_up() -> None:
    """#717171 has 4.53 on paper, #727272 has 4.47."""
    assert colours.accent("#717171").light == "#717171"
    with pytest.raises(BadColour, match=r"of 4\.4 : 1"):
        colours.accent("#727272")
