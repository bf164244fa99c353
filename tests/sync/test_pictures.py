"""A logo as it comes from somebody's desktop: what it is, how large, and whether it is whole."""

import pytest

from sync.office import pictures
from sync.office.pictures import BadPicture, Picture
from tests.sync import drawings

SVG = b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (drawings.png(300, 200), "image/png"),
        (drawings.jpeg(300, 200), "image/jpeg"),
        (drawings.webp_lossy(300, 200), "image/webp"),
        (drawings.webp_lossless(300, 200), "image/webp"),
        (drawings.webp_extended(300, 200), "image/webp"),
    ],
)
def test_a_picture_says_what_it_is(content: bytes, kind: str) -> None:
    assert pictures.read(content) == Picture(kind, 300, 200)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (SVG, "is an SVG"),
        (b"", "is not a PNG, JPEG or WebP"),
        (b"GIF89a" + bytes(20), "is not a PNG, JPEG or WebP"),
        (b"<html>", "is not a PNG, JPEG or WebP"),
        (drawings.png(0, 2), "is cut off or damaged"),
        (drawings.png() + b"<script>", "is cut off or damaged"),
        (drawings.png().replace(b"IHDR", b"IHDX"), "is cut off or damaged"),
        (drawings.png(3, 2, (b"acTL", bytes(8))), "moves"),
        (drawings.webp_extended(3, 2, flags=2), "moves"),
        (drawings.webp(b"VP8 ", bytes(10)), "is cut off or damaged"),
    ],
)
def test_what_is_no_picture_to_show_is_refused(content: bytes, why: str) -> None:
    with pytest.raises(BadPicture, match=why):
        pictures.read(content)


@pytest.mark.parametrize("whole", [drawings.png(), drawings.jpeg(), drawings.webp_lossless(3, 2)])
def test_a_picture_cut_off_anywhere_is_refused(whole: bytes) -> None:
    for length in range(len(whole)):
        with pytest.raises(BadPicture):
            pictures.read(whole[:length])


def test_one_turned_bit_of_a_png_is_found() -> None:
    whole = drawings.png()
    for at in range(len(whole)):
        with pytest.raises(BadPicture):
            pictures.read(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
