"""Who gets which briefing by mail, and what became of every one of them."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text
from sqlalchemy import text as sql

from sync.models.facts import metadata

# `kind`: crew, store, manager, office; `cadence`: daily, weekly, monthly; `location_id` NULL: the whole tree. It goes
# to `address`, or to whoever `user_id` is, wherever they read their mail then. `leave_hash` is SHA-256 of the token
# with which it is stopped without signing in; `stopped_why`: one_click, page, person. `next_day`: the first local day
# of its cadence for which no letter was decided on yet.
subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("cadence", Text, nullable=False),
    Column("location_id", ForeignKey("locations.id")),
    Column("address", Text, nullable=False, server_default=sql("''")),
    Column("user_id", ForeignKey("users.id")),
    Column("language", Text, nullable=False),
    Column("leave_hash", Text, nullable=False, unique=True),
    Column("made_ms", BigInteger, nullable=False),
    Column("next_day", Integer, nullable=False),
    Column("stopped_ms", BigInteger),
    Column("stopped_why", Text),
    Column("version", Integer, nullable=False, server_default=sql("1")),
    # Serve: those of a place; those of a person; those whose time may have come.
    Index(None, "location_id"),
    Index(None, "user_id"),
    Index(None, "next_day"),
)

# One letter: there is at most one row for a subscription and a local day, committed before anything is sent. `state`:
# claimed (what became of it is not known until the outcome is), sent, refused (tried again after `next_ms`), gave_up,
# missed (no server ran that day), dropped (there was nobody to write to, or nothing to write), again (somebody asked
# for one that may not have arrived). `claimed_by` names the process.
mailings = Table(
    "mailings",
    metadata,
    Column("subscription_id", ForeignKey("subscriptions.id"), nullable=False),
    Column("day", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    Column("claimed_ms", BigInteger, nullable=False),
    Column("claimed_by", Text, nullable=False, server_default=sql("''")),
    Column("tries", Integer, nullable=False, server_default=sql("0")),
    Column("next_ms", BigInteger),
    Column("done_ms", BigInteger),
    Column("why", Text, nullable=False, server_default=sql("''")),
    PrimaryKeyConstraint("subscription_id", "day"),
    # Serves: what waits for another try, and what may not have arrived.
    Index(None, "state", "next_ms"),
)
