"""Where templates/ and static/ are: inside the package in a wheel, at the top in a checkout; and how what they become
is made small for the way."""

import zlib
from functools import cache
from hashlib import sha256
from pathlib import Path

_PACKED = Path(__file__).parent / "_assets"
ROOT = _PACKED if _PACKED.is_dir() else Path(__file__).parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"


@cache
def stamp(name: str) -> str:
    """The first ten hex digits of the hash of the file `static/NAME`, put into its address so that a new
    build is fetched anew and an old one may be cached for ever. Raises FileNotFoundError."""
    return sha256((STATIC / name).read_bytes()).hexdigest()[:10]


PACKED_KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
"""Of the files below static/ those that a browser gets packed, by their suffix; all others are packed in themselves."""
_GZIP = 31
"""How zlib is told to write gzip, without a name or a time: the same in, the same out."""


def pack(content: bytes, level: int = 9) -> bytes:
    """`content` as gzip."""
    packer = zlib.compressobj(level, wbits=_GZIP)
    return packer.compress(content) + packer.flush()


def unpack(packed: bytes) -> bytes:
    """What was packed. Raises zlib.error."""
    return zlib.decompress(packed, wbits=_GZIP)


@cache
def packed(name: str) -> bytes:
    """The file `static/NAME` as gzip: packed when it is first asked for and then kept, which is 20 kB for all that a
    terminal shows; no packed twin lies beside a file and goes stale. Raises KeyError when there is no such file, or
    when it is not of PACKED_KINDS."""
    return pack(_packable()[name].read_bytes())


@cache
def _packable() -> dict[str, Path]:
    """Looked up here, a name cannot lead anywhere else, and nobody can fill the memory with ways to write one."""
    found = (path for path in STATIC.rglob("*.*") if path.suffix[1:] in PACKED_KINDS and path.is_file())
    return {path.relative_to(STATIC).as_posix(): path for path in found}
