"""What a picture file is, from its own bytes: its kind, its size, and whether it is whole. Pure.

Nothing is decoded here. A browser will, on every screen: so what is animated, huge, cut off or not a picture at all
stays outside."""

from collections.abc import Iterator
from typing import Literal, NamedTuple
from zlib import crc32

Kind = Literal["image/png", "image/jpeg", "image/webp"]


class Picture(NamedTuple):
    """`width` and `height` in pixels."""

    kind: Kind
    width: int
    height: int


class BadPicture(ValueError):
    """What is no picture that a screen may show; the message says why, to follow the picture's name."""


_PNG, _RIFF = b"\x89PNG\r\n\x1a\n", b"RIFF"
_CUT = "is cut off or damaged: save it once more"
_MOVES = "moves: a picture that stands still is allowed"


def read(content: bytes) -> Picture:
    """Raises BadPicture."""
    if content.startswith(_PNG):
        return _png(content)
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg(content)
    if content.startswith(_RIFF) and content[8:12] == b"WEBP":
        return _webp(content)
    if b"<svg" in content[:2000].lower():
        raise BadPicture("is an SVG, which may hold scripts: save it as PNG, JPEG or WebP")
    raise BadPicture("is not a PNG, JPEG or WebP picture")


def _png(content: bytes) -> Picture:
    """https://www.w3.org/TR/png-3/#5DataRep"""
    chunks = list(_png_chunks(content))
    names = [name for name, _ in chunks]
    if names[:1] != [b"IHDR"] or names[-1:] != [b"IEND"] or b"IDAT" not in names or len(chunks[0][1]) != 13:
        raise BadPicture(_CUT)
    if b"acTL" in names:
        raise BadPicture(_MOVES)
    head = chunks[0][1]
    return _sized("image/png", int.from_bytes(head[:4]), int.from_bytes(head[4:8]))


def _png_chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_PNG)
    while at < len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4])
        name, data, check = content[at + 4 : at + 8], content[at + 8 : end], content[end : end + 4]
        if len(check) < 4 or int.from_bytes(check) != crc32(name + data):
            raise BadPicture(_CUT)
        yield name, data
        at = end + 4


def _jpeg(content: bytes) -> Picture:
    """https://www.w3.org/Graphics/JPEG/itu-t81.pdf, B.1.1: segments, then the picture, then the end's marker."""
    at, size = 2, None
    while content[at : at + 1] == b"\xff" and at + 4 <= len(content):
        marker, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            size = content[at + 5 : at + 9]
        if marker == 0xDA:
            break
        at += 2 + length
    else:
        raise BadPicture(_CUT)
    if size is None or len(size) < 4 or not content.rstrip(b"\0").endswith(b"\xff\xd9"):
        raise BadPicture(_CUT)
    return _sized("image/jpeg", int.from_bytes(size[2:]), int.from_bytes(size[:2]))


def _webp(content: bytes) -> Picture:
    """https://developers.google.com/speed/webp/docs/riff_container"""
    if len(content) < 30 or int.from_bytes(content[4:8], "little") + 8 > len(content):
        raise BadPicture(_CUT)
    form, body = content[12:16], content[20:]
    if form == b"VP8X":
        if body[0] & 0x02:
            raise BadPicture(_MOVES)
        return _sized("image/webp", _little(body[4:7]) + 1, _little(body[7:10]) + 1)
    if form == b"VP8L" and body[0] == 0x2F:
        bits = _little(body[1:5])
        return _sized("image/webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if form == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        return _sized("image/webp", _little(body[6:8]) & 0x3FFF, _little(body[8:10]) & 0x3FFF)
    raise BadPicture(_CUT)


def _little(part: bytes) -> int:
    return int.from_bytes(part, "little")


def _sized(kind: Kind, width: int, height: int) -> Picture:
    if not width or not height:
        raise BadPicture(_CUT)
    return Picture(kind, width, height)
