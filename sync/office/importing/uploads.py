"""A file that somebody looks at before they confirm it. It lies in the database, so that whichever server process is
asked next has it, for an hour; only who brought it gets it back."""

import secrets
import zlib
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select

from sync.models import uploads

KEPT_MS = 3_600_000


def keep(tx: Connection, user: int, content: bytes, now_ms: int) -> str:
    """The token by which this person gets it back. Clears away what is over, and what they brought before."""
    tidy(tx, now_ms)
    tx.execute(delete(uploads).where(uploads.c.user_id == user))
    token = secrets.token_urlsafe(32)
    row = {"token_hash": _hash(token), "user_id": user, "content": zlib.compress(content), "made_ms": now_ms}
    tx.execute(insert(uploads).values(row))
    return token


def find(tx: Connection, user: int, token: str, now_ms: int) -> bytes | None:
    """None when there never was one, it is over, or somebody else brought it."""
    mine = (uploads.c.token_hash == _hash(token), uploads.c.user_id == user, uploads.c.made_ms > now_ms - KEPT_MS)
    packed = tx.execute(select(uploads.c.content).where(*mine)).scalar()
    return None if packed is None else zlib.decompress(packed)


def forget(tx: Connection, token: str) -> None:
    tx.execute(delete(uploads).where(uploads.c.token_hash == _hash(token)))


def are_over(tx: Connection, now_ms: int) -> bool:
    """Whether there is anything to tidy."""
    return (
        tx.execute(select(uploads.c.made_ms).where(uploads.c.made_ms <= now_ms - KEPT_MS).limit(1)).first() is not None
    )


def tidy(tx: Connection, now_ms: int) -> None:
    tx.execute(delete(uploads).where(uploads.c.made_ms <= now_ms - KEPT_MS))


def _hash(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()
