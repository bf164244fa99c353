"""Names that are given to responses, by the layout that sorts by time."""

import secrets


def new_id(wall_ms: int) -> str:
    """A UUIDv7 of that time."""
    number = (wall_ms & (2**48 - 1)) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    digits = f"{number:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
