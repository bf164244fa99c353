"""The hash of an entry: what never changes once it is sealed, though its words may be taken out."""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

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
    salt = str(entry.get("salt") or "")
    texts = {name: text for name, text in entry.get("answers", {}).items() if isinstance(text, str)}
    wiped = {name: _hashed(salt, text) for name, text in texts.items()} | (entry.get("wiped") or {})
    answers = {name: value for name, value in entry.get("answers", {}).items() if name not in texts}
    return {**entry, "answers": answers, "salt": None, "wiped": wiped}


def is_intact(entry: Mapping[str, Any]) -> bool:
    """Whether the entry's `sha` fits what it says."""
    try:
        return hmac.compare_digest(entry_sha(entry), str(entry.get("sha", "")))
    except (TypeError, ValueError, OverflowError):
        return False
