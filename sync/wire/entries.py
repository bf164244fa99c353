"""The hash of an entry: what never changes once it is sealed, though its words may be taken out."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sync.wire.masking import mask
from sync.wire.reading import encode


def entry_sha(entry: Mapping[str, Any]) -> str:
    """Hex SHA-256 over the canonical rest of an entry: without `sha`, `salt` and `wiped`, keys sorted, each free
    text replaced by hex SHA-256(salt ‖ text), so that a text can be wiped while the entry stays valid."""
    rest = dict(entry)
    rest.pop("sha", None)
    salt, wiped = str(rest.pop("salt", None) or ""), rest.pop("wiped", None) or {}
    answers = rest.get("answers")
    if isinstance(answers, dict):
        rest["answers"] = {name: _hashed(salt, value) for name, value in answers.items()} | wiped
    return sha256(encode(rest)).hexdigest()


def _hashed(salt: str, answer: Any) -> Any:
    return sha256((salt + answer).encode()).hexdigest() if isinstance(answer, str) else answer


def seal(entry: Mapping[str, Any], salt: str) -> dict[str, Any]:
    """The entry with its `salt` and `sha`: from here on it never changes."""
    salted = {**entry, "salt": salt}
    return {**salted, "sha": entry_sha(salted)}


def wipe(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry without its free texts and their salt; its `sha` still holds."""
    texts = _texts(entry)
    answers = {name: value for name, value in entry.get("answers", {}).items() if name not in texts}
    return {**entry, "answers": answers, "salt": None, "wiped": _hashes(entry)}


def mask_entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry with its free texts masked, see `mask`; its `sha` still holds. What they were can't be tried out: with
    the first that is masked the salt goes, and all that is left of any is its hash. To be asked of no contact, whose
    texts are how to reach somebody."""
    masked = {name: mask(text) for name, text in _texts(entry).items()}
    if masked == _texts(entry):
        return dict(entry)
    return {**entry, "answers": {**entry["answers"], **masked}, "salt": None, "wiped": _hashes(entry)}


def _texts(entry: Mapping[str, Any]) -> dict[str, str]:
    answers = entry.get("answers")
    found = answers.items() if isinstance(answers, dict) else ()
    return {name: text for name, text in found if isinstance(text, str)}


def _hashes(entry: Mapping[str, Any]) -> dict[str, Any]:
    """What the free texts hash to, also those that went before: of a masked one, as it was."""
    salt = str(entry.get("salt") or "")
    return {name: _hashed(salt, text) for name, text in _texts(entry).items()} | (entry.get("wiped") or {})


def is_intact(entry: Mapping[str, Any]) -> bool:
    """Whether the entry's `sha` fits what it says."""
    try:
        return hmac.compare_digest(entry_sha(entry), str(entry.get("sha", "")))
    except (TypeError, ValueError, OverflowError):
        return False
