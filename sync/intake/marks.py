"""Which answers with words changed, so that whoever searches knows what to look at again. Rows are only added here, so
that nobody who stores answers waits for anybody."""

from collections.abc import Iterable

from sqlalchemy import Connection, insert

from sync.intake.held import Row
from sync.models import comment_marks


def mark(tx: Connection, rows: Iterable[Row], before: Iterable[Row] = ()) -> None:
    """Those of these responses that have words, or (`before`) had some."""
    names = {row.id for row in (*rows, *before) if row.commented}
    if names:
        tx.execute(insert(comment_marks), [{"response_id": name} for name in sorted(names)])
