"""The tables of the centre. Times are whole milliseconds since 1970-01-01 UTC; a `day` is a local calendar day as a
number of days since 1970-01-01, an `hour` is that day × 24 + the local hour."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

VALUES = tuple(f"s{value}" for value in range(11))
"""The columns of a tally: how often each value of a scale was given."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row per fact about this centre: epoch, secret (fingerprint), organisation.
centre = Table(
    "centre", metadata, Column("name", Text, primary_key=True), Column("value", Text, nullable=False)
)  # fmt: skip

# One tree. `path` is the ids from the root down, "/1/4/", so that a subtree is a prefix. `zone` and `hours`
# (seven lists of [open, close] minutes as JSON, "null" for always open) are inherited where they are NULL.
locations = Table(
    "locations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("parent_id", ForeignKey("locations.id"), nullable=True),
    Column("path", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),  # group, store, crew
    Column("name", Text, nullable=False),
    Column("zone", Text),
    Column("hours", Text),
    Index(None, "parent_id"),
)

# Where in the journey a question is asked there. `survey` NULL means the built-in one.
touchpoints = Table(
    "touchpoints",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("survey", Text),
    Index(None, "location_id", "name", unique=True),
)

surveys = Table(
    "surveys",
    metadata,
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("definition", Text, nullable=False),
    Column("published_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("id", "version"),
)

# A question keeps its scale for ever: scales are never mixed.
questions = Table(
    "questions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("scale", Text, nullable=False),
)

# A box with an outbox. `complete_ms`: everything captured before was delivered. `stored_ms`: when it last brought
# something new. `seen_ms`, `seen_tries`: the newest `seen` it was served with.
devices = Table(
    "devices",
    metadata,
    Column("id", Text, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("install", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("app", Text, nullable=False),
    Column("enrolled_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Column("contact_ms", BigInteger),
    Column("stored_ms", BigInteger),
    Column("complete_ms", BigInteger),
    Column("seen_ms", BigInteger, nullable=False, server_default=text("0")),
    Column("seen_tries", BigInteger, nullable=False, server_default=text("0")),
    Column("health", Text),
    Index(None, "stored_ms"),
)

screens = Table(
    "screens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("device_id", ForeignKey("devices.id")),
    Index(None, "device_id"),
)

# Every screen that a device drives or ever drove: what it captured there stays its own when the screen moves on.
driven = Table(
    "driven",
    metadata,
    Column("device_id", ForeignKey("devices.id"), nullable=False),
    Column("screen_id", ForeignKey("screens.id"), nullable=False),
    PrimaryKeyConstraint("device_id", "screen_id"),
)

# Which screen stood at which touchpoint from when to when; `to_ms` NULL while it stands there.
placements = Table(
    "placements",
    metadata,
    Column("id", Text, primary_key=True),
    Column("screen_id", ForeignKey("screens.id"), nullable=False),
    Column("touchpoint_id", ForeignKey("touchpoints.id"), nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger),
    Index(None, "screen_id"),
    Index(None, "touchpoint_id"),
)

# `finder` is the first group of a code; the second proves it and is kept as a hash.
enrol_codes = Table(
    "enrol_codes",
    metadata,
    Column("finder", Text, primary_key=True),
    Column("proof_hash", Text, nullable=False),
    Column("placement_id", ForeignKey("placements.id"), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("wrong", Integer, nullable=False, server_default=text("0")),
    Column("install", Text),
    Column("device_id", ForeignKey("devices.id")),
)

# What came of every entry, for ever. (id, rev) is the only identity.
receipts = Table(
    "receipts",
    metadata,
    Column("id", Text, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("sha", Text, nullable=False),
    Column("device_id", Text, nullable=False),
    Column("stream", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("id", "rev"),
)

# Counters of receipts per stream; they only ever start an audit.
streams = Table(
    "streams",
    metadata,
    Column("stream", Text, primary_key=True),
    Column("device_id", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    Column("max_seq", BigInteger, nullable=False),
    Column("sealed", BigInteger, nullable=False),
    Index(None, "device_id"),
)

# One row per response: its highest revision. `body` is the entry as it came. `flags` are names with commas;
# `aside` says that one of them keeps the response out of the unflagged tallies. `hour` is NULL when the time of
# capture is unknown.
responses = Table(
    "responses",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rev", Integer, nullable=False),
    Column("device_id", Text, nullable=False),
    Column("location_id", Integer, nullable=False),
    Column("touchpoint_id", Integer, nullable=False),
    Column("survey", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("captured_ms", BigInteger, nullable=False),
    Column("quality", Text, nullable=False),
    Column("error_ms", BigInteger, nullable=False),
    Column("day", Integer, nullable=False),
    Column("hour", Integer),
    Column("flags", Text, nullable=False),
    Column("aside", Boolean, nullable=False),
    Column("commented", Boolean, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
)
# Serves: the newest comments of a location.
Index(
    "ix_responses_comments",
    responses.c.location_id,
    responses.c.captured_ms,
    sqlite_where=responses.c.commented,
    postgresql_where=responses.c.commented,
)

# Kept raw, not counted, replayable.
quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Text, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("sha", Text, nullable=False),
    Column("device_id", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("id", "rev", "sha"),
)

# The first and the last anchor of each boot of each device.
anchors = Table(
    "anchors",
    metadata,
    Column("device_id", Text, nullable=False),
    Column("boot", Text, nullable=False),
    Column("place", Text, nullable=False),  # first, last
    Column("boottime_ms", BigInteger, nullable=False),
    Column("server_ms", BigInteger, nullable=False),
    Column("rtt_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("device_id", "boot", "place"),
)


def _tally(name: str, bucket: str) -> Table:
    """Counts per place, question and bucket. `choice` is empty for the question itself; for a reason it names the
    reason, and the columns count the first answers of those who chose it. The key serves: one question of some
    places over a range of buckets."""
    return Table(
        name,
        metadata,
        Column("location_id", Integer, nullable=False),
        Column("question", Text, nullable=False),
        Column("choice", Text, nullable=False),
        Column(bucket, Integer, nullable=False),
        Column("touchpoint_id", Integer, nullable=False),
        Column("aside", Boolean, nullable=False),
        Column("n", Integer, nullable=False),
        *(Column(value, Integer, nullable=False) for value in VALUES),
        PrimaryKeyConstraint("location_id", "question", "choice", bucket, "touchpoint_id", "aside"),
    )


tallies_day = _tally("tallies_day", "day")
tallies_hour = _tally("tallies_hour", "hour")

# A person who signs in. `location_id` is the root of what they may see, NULL for everything; `responses` is the
# permission to read single responses.
users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False, unique=True),  # lower case
    Column("name", Text, nullable=False),
    Column("password_hash", Text),
    Column("location_id", ForeignKey("locations.id")),
    Column("responses", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("disabled_ms", BigInteger),
)

# `token_hash` is SHA-256 of the cookie, so that a stolen database opens no door.
sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Index(None, "user_id"),
)

sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)

# Failed tries, by account and by address, for the throttle.
sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index(None, "subject", "at_ms"),
)
