"""What people decided about the flags of single responses: every road into the centre heeds it."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from sync.models import flag_decisions
from sync.rows import put

Decisions = Mapping[str, Mapping[str, bool]]
"""Response -> flag -> whether it holds."""


def of(tx: Connection, ids: Iterable[str]) -> dict[str, dict[str, bool]]:
    """What was decided about these responses."""
    wanted, found = sorted(ids), dict[str, dict[str, bool]]()
    table = flag_decisions.c
    for start in range(0, len(wanted), 500):
        query = select(table.response_id, table.flag, table.holds)
        for name, flag, holds in tx.execute(query.where(table.response_id.in_(wanted[start : start + 500]))):
            found.setdefault(name, {})[flag] = bool(holds)
    return found


def keep(tx: Connection, response: str, flag: str, holds: bool, reason: str, actor: str, now_ms: int) -> None:
    """The newest word stands; those before it stand in the audit log."""
    put(tx, flag_decisions, [(response, flag, holds, reason, actor, now_ms)])
