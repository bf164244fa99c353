"""Where templates/ and static/ are: inside the package in a wheel, at the top in a checkout."""

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
