"""The five faces: one family, told apart by their features alone, on colours that leave the features readable."""

import re
from collections.abc import Callable
from itertools import combinations, pairwise
from typing import NamedTuple
from xml.etree import ElementTree

import pytest
from playwright.sync_api import Page

from sync.assets import STATIC

FACES = ("awful", "poor", "fair", "good", "great")
SVG = "{http://www.w3.org/2000/svg}"
FAR_PX = 24
"""From three metres 20 mm are 23 minutes of arc, of which an eye that needs no glasses tells one from the next."""
APART = 60
"""Least mean difference in grey, of 255, where either of two faces has a line, above and below. A face that is moved
or drawn thinner differs from itself by 51 at most, the most alike of ours by 69."""
GREY = """async ([svg, size]) => {
  const image = new Image();
  image.src = 'data:image/svg+xml,' + encodeURIComponent(svg);
  await image.decode();
  const canvas = document.createElement('canvas').getContext('2d');
  canvas.fillStyle = 'white';
  canvas.fillRect(0, 0, size, size);
  canvas.drawImage(image, 0, 0, size, size);
  const { data } = canvas.getImageData(0, 0, size, size);
  return Array.from({ length: size * size }, (_, i) => data[4 * i]);
}"""
Drawn = list[list[int]]


def text(name: str) -> str:
    return (STATIC / "faces" / f"{name}.svg").read_text("utf-8")


def drawn(page: Page, svg: str) -> Drawn:
    """Ink on white, as in forced colours and without any: rows of grey values."""
    plain = svg.replace('class="skin"', 'stroke="none"').replace("currentColor", "black")
    flat = page.evaluate(GREY, [plain, FAR_PX])
    return [flat[start : start + FAR_PX] for start in range(0, len(flat), FAR_PX)]


def apart(one: Drawn, other: Drawn) -> float:
    """How much two drawings differ where either has a line."""
    pairs = [(a, b) for row, beside in zip(one, other, strict=True) for a, b in zip(row, beside, strict=True)]
    inked = [abs(a - b) for a, b in pairs if min(a, b) < 200]
    return sum(inked) / len(inked)


def brows_and_mouths(one: Drawn, other: Drawn) -> tuple[float, float]:
    half = FAR_PX * 63 // 120
    return apart(one[:half], other[:half]), apart(one[half:], other[half:])


def test_all_faces_are_of_one_family() -> None:
    roots = [ElementTree.fromstring(text(name)) for name in FACES]
    heads = {(tuple(root.attrib.items()), tuple(root[0].attrib.items())) for root in roots}
    assert len(heads) == 1  # the same view, line and skin
    parts = [part for root in roots for part in root.iter() if part is not root]
    assert {part.tag.removeprefix(SVG) for part in parts} == {"circle", "ellipse", "path"}
    assert [part for part in parts if {"style", "class"} & set(part.attrib) and part.get("class") != "skin"] == []
    assert {part.get("stroke-width") for part in parts if part.get("class") != "skin"} == {None}
    assert max(len(text(name)) for name in FACES) <= 600


def test_no_face_has_a_line_of_another() -> None:
    lines = [path.get("d") for name in FACES for path in ElementTree.fromstring(text(name)).iter(f"{SVG}path")]
    assert len(lines) == len(set(lines)) >= 2 * len(FACES)


def test_each_face_is_even_and_in_the_middle(new_page: Callable[..., Page]) -> None:
    page = new_page()
    for name in FACES:
        face = drawn(page, text(name))
        mirrored = [row[::-1] for row in face]
        assert apart(face, mirrored) < 4, name
        inked = [y for y, row in enumerate(face) if min(row) < 128]
        assert abs((inked[0] + inked[-1]) / 2 - (FAR_PX - 1) / 2) <= 1.5, name


def test_faces_are_told_apart_from_three_metres_by_their_shape_alone(new_page: Callable[..., Page]) -> None:
    page = new_page()
    faces = {name: drawn(page, text(name)) for name in FACES}
    for one, other in combinations(FACES, 2):
        brows, mouths = brows_and_mouths(faces[one], faces[other])
        print(f"{one} and {other}: {brows:.0f} above, {mouths:.0f} below")
        assert min(brows, mouths) >= APART, (one, other)


def test_a_copy_of_a_neighbour_would_be_found(new_page: Callable[..., Page]) -> None:
    page = new_page()
    for name in FACES:
        nudged = re.sub(r'viewBox="0 0', 'viewBox="1 1', text(name))
        thinner = re.sub(r'stroke-width="7"', 'stroke-width="6"', text(name))
        for planted in (text(name), nudged, thinner):
            assert max(brows_and_mouths(drawn(page, text(name)), drawn(page, planted))) < APART, name


class Scheme(NamedTuple):
    """The relative luminances (WCAG 2.2) of the features and of a ramp, the worst answer first."""

    features: float
    ramp: list[float]


def schemes(values: int) -> list[Scheme]:
    """Of a scale with so many values: by day, and in the dark."""
    tokens = (STATIC / "tokens.css").read_text("utf-8")
    found = []
    for part in tokens.split("prefers-color-scheme: dark"):
        named = dict(re.findall(r"--([\w-]+): #([0-9a-f]{6});", part))
        ramp = [luminance(named[f"ramp-{values}-{value}"]) for value in range(values)]
        found.append(Scheme(luminance(named["on-ramp"]), ramp))
    return found


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


@pytest.mark.parametrize("values", [4, 5])
def test_features_can_be_seen_on_every_colour(values: int) -> None:
    for scheme in schemes(values):
        assert min(contrast(scheme.features, colour) for colour in scheme.ramp) >= 4.1


@pytest.mark.parametrize("values", [4, 5])
def test_neighbours_differ_in_lightness_too(values: int) -> None:
    """The middle is lightest; the two in the middle of four are as light as each other, and no others are."""
    for scheme in schemes(values):
        half = (values + 1) // 2
        worst, best = scheme.ramp[:half], scheme.ramp[-half:]
        assert worst == sorted(worst)
        assert best == sorted(best, reverse=True)
        assert min(contrast(*pair) for side in (worst, best) for pair in pairwise(side)) >= 1.4
