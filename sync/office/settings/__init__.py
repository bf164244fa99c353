"""What the screens of a place are told: keys, who set them where, and what comes of them in a manifest.

A value holds at a location and at every one below it, or at one touchpoint alone; what is nearest to a screen wins:
touchpoint, location, the groups above it, the default."""

from sync.office.settings.changing import At, change, find, stamps
from sync.office.settings.kept import Holding, Source, known, put, take_out
from sync.office.settings.keys import KEYS, BadSetting, Given, Key
from sync.office.settings.told import Told, resolved

__all__ = [
    "KEYS",
    "At",
    "BadSetting",
    "Given",
    "Holding",
    "Key",
    "Source",
    "Told",
    "change",
    "find",
    "known",
    "put",
    "resolved",
    "stamps",
    "take_out",
]
