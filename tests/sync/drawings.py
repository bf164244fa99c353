"""Pictures made byte by byte, as small as they can be."""

from zlib import compress, crc32


def _chunk(name: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4) + name + data + crc32(name + data).to_bytes(4)


def png(width: int = 3, height: int = 2, *more: tuple[bytes, bytes]) -> bytes:
    """Grey all over; `more` chunks stand before its end."""
    head = width.to_bytes(4) + height.to_bytes(4) + bytes([8, 0, 0, 0, 0])
    rows = compress(b"".join(b"\0" + b"\x80" * min(width, 64) for _ in range(min(height, 64))))
    body = [(b"IHDR", head), (b"IDAT", rows), *more, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in body)


def jpeg(width: int = 3, height: int = 2) -> bytes:
    """The frame of one, as a header reader sees it."""
    comment = b"\xff\xfe" + (7).to_bytes(2) + b"hello"
    frame = b"\xff\xc0" + (11).to_bytes(2) + b"\x08" + height.to_bytes(2) + width.to_bytes(2) + b"\x01\x01\x11\x00"
    scan = b"\xff\xda" + (8).to_bytes(2) + b"\x01\x01\x00\x00\x3f\x00" + b"\x55"
    return b"\xff\xd8" + comment + frame + scan + b"\xff\xd9"


def webp(form: bytes, body: bytes) -> bytes:
    part = form + len(body).to_bytes(4, "little") + body + bytes(20)
    return b"RIFF" + (4 + len(part)).to_bytes(4, "little") + b"WEBP" + part


def webp_lossy(width: int, height: int) -> bytes:
    return webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + width.to_bytes(2, "little") + height.to_bytes(2, "little"))


def webp_lossless(width: int, height: int) -> bytes:
    return webp(b"VP8L", b"\x2f" + (width - 1 | height - 1 << 14).to_bytes(4, "little"))


def webp_extended(width: int, height: int, flags: int = 0) -> bytes:
    return webp(
        b"VP8X", bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    )
