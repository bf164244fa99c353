"""The sticks and cards that somebody has plugged in, for an export to be carried on."""

import os
import re
import shutil
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

MOUNTS = Path("/proc/self/mounts")
PLACES = ("/media/*", "/media/*/*", "/run/media/*/*", "/mnt/*")
KINDS = frozenset({"vfat", "msdos", "exfat", "ntfs", "ntfs3", "ext2", "ext3", "ext4", "f2fs", "btrfs", "xfs", "udf"})
"""File systems that hold files on something that can be carried: no memory, no network, nothing made up."""


@dataclass(frozen=True)
class Stick:
    """Where it is, what it is called, and how many bytes there is room for."""

    path: Path
    name: str
    free: int


def plugged_in(
    mounts: Path = MOUNTS, places: Collection[str] = PLACES, kinds: Collection[str] = KINDS, root: Path = Path("/")
) -> list[Stick]:
    """What is mounted where sticks are, can be written to, and is not the disk under `root`. `mounts` is a list as
    Linux keeps it; where there is none, nothing is found."""
    found = {}
    for path, kind, options in _mounted(mounts):
        if kind in kinds and "rw" in options and any(_is_at(path, place) for place in places):
            stick = _usable(path, root)
            found[path] = stick
    return sorted((stick for stick in found.values() if stick), key=lambda stick: (stick.name, stick.path))


def _mounted(mounts: Path) -> Iterator[tuple[Path, str, list[str]]]:
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return
    for line in lines:
        fields = line.split(" ")
        if len(fields) >= 4:
            # The kernel writes a space in a name as \040.
            plain = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[1])
            yield Path(plain), fields[2], fields[3].split(",")


def _is_at(path: Path, place: str) -> bool:
    """Of exactly that depth: a `*` stands for one name."""
    return len(path.parts) == len(Path(place).parts) and path.match(place)


def _usable(path: Path, root: Path) -> Stick | None:
    try:
        if path.stat().st_dev == root.stat().st_dev or not os.access(path, os.W_OK | os.X_OK):
            return None
        name = path.name.encode("utf-8", "replace").decode()
        return Stick(path, name, shutil.disk_usage(path).free)
    except OSError:
        return None
