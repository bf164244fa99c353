"""Single values that a terminal remembers, each under its name."""

from typing import TypeVar

import msgspec

from kiosk.disk import Disk

Kind = TypeVar("Kind")


def fact(disk: Disk, name: str, default: str = "") -> str:
    """Raises NotHeld when the disk cannot be read."""
    row = disk.row("SELECT value FROM facts WHERE name = ?", name)
    return str(row[0]) if row else default


def remember(disk: Disk, name: str, value: str) -> None:
    """Raises NotHeld."""
    with disk.durable() as db:
        db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))


def read(disk: Disk, name: str, kind: type[Kind]) -> Kind | None:
    """A value of several parts; None when there is none, or none that can be read."""
    try:
        return msgspec.json.decode(fact(disk, name), type=kind)
    except msgspec.DecodeError:
        return None


def write(disk: Disk, name: str, value: msgspec.Struct) -> None:
    """Raises NotHeld."""
    remember(disk, name, msgspec.json.encode(value).decode())


def forget(disk: Disk, name: str) -> None:
    """Raises NotHeld."""
    with disk.durable() as db:
        db.execute("DELETE FROM facts WHERE name = ?", (name,))
