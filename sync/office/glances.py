"""What was found by looking through very many places, kept for a while for whoever looks next, in any process."""

from collections.abc import Callable, Sequence
from hashlib import sha256
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from sync.db import Database
from sync.models import glances
from sync.office import crew_sight
from sync.rows import put


def keep(
    db: Database, paths: Sequence[str], what: str, kept_ms: int, now_ms: int, look: Callable[[Connection], Any]
) -> None:
    """Look for `what` at and below these paths, unless somebody did in the last `kept_ms`; what is found is kept as
    JSON."""
    with db.reading() as tx:
        found = _kept(tx, paths, what)
        if found is not None and now_ms - kept_ms < found.found_ms <= now_ms:
            return
        body = msgspec.json.encode(look(tx)).decode()
    with db.writing() as tx:
        put(tx, glances, [(_scope(paths), what, now_ms, body)])


def last(tx: Connection, paths: Sequence[str], what: str) -> Any:
    """What was found last; None when nobody has looked."""
    found = _kept(tx, paths, what)
    return msgspec.json.decode(found.body) if found is not None else None


def _scope(paths: Sequence[str]) -> str:
    return sha256(" ".join((*sorted(paths), "with", *crew_sight.opened(paths))).encode()).hexdigest()


def _kept(tx: Connection, paths: Sequence[str], what: str) -> Any:
    mine = (glances.c.scope == _scope(paths), glances.c.what == what)
    return tx.execute(select(glances.c.found_ms, glances.c.body).where(*mine)).first()
