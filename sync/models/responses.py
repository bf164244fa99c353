"""What came of every entry, the responses, and the counts of them."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from sync.models.facts import metadata

VALUES = tuple(f"s{value}" for value in range(11))
"""The columns of a tally: how often each value of a scale was given."""

UNSURE_MS = 1_000
"""A time of capture known better than this isn't corrected again when a later anchor comes."""

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
# Serves: whether a slot of a stream is held by another entry, one sign of a cloned card.
Index("ix_receipts_slot", receipts.c.stream, receipts.c.seq)

# One row per response: its highest revision. `body` is the entry as it came. `flags` are names with commas;
# `aside` says that one of them keeps the response out of the unflagged tallies. `hour` is NULL when the time of
# capture is unknown. `boot` is the start of the clock that stamped it. `lang` is the survey's language that was used,
# empty where it is not known (what came in before there was the column).
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
    Column("boot", Text, nullable=False, server_default=text("''")),
    Column("day", Integer, nullable=False),
    Column("hour", Integer),
    Column("flags", Text, nullable=False),
    Column("aside", Boolean, nullable=False),
    Column("commented", Boolean, nullable=False),
    Column("lang", Text, nullable=False, server_default=text("''")),
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
# Serves: the newest comments of many locations.
Index(
    "ix_responses_newest_comments",
    responses.c.captured_ms,
    responses.c.id,
    sqlite_where=responses.c.commented,
    postgresql_where=responses.c.commented,
)
# Serves: what came in since somebody last read.
Index("ix_responses_received", responses.c.received_ms, responses.c.id)
# Serves: what rules caught, newest first.
Index(
    "ix_responses_flagged",
    responses.c.day,
    responses.c.location_id,
    sqlite_where=text("flags <> ''"),
    postgresql_where=text("flags <> ''"),
)
# Serves: what a later anchor may move. Those that are known to a second stay where they are.
_unsure = (responses.c.quality != "anchored") | (responses.c.error_ms > UNSURE_MS)
Index(
    "ix_responses_unsure",
    responses.c.device_id,
    responses.c.boot,
    responses.c.captured_ms,
    sqlite_where=_unsure,
    postgresql_where=_unsure,
)
# Serves: what of a device has no certain time.
Index(
    "ix_responses_doubtful",
    responses.c.device_id,
    responses.c.captured_ms,
    sqlite_where=text("quality IN ('unknown', 'bounded')"),
    postgresql_where=text("quality IN ('unknown', 'bounded')"),
)
# Serves: what was given on the same screen shortly before and after.
Index(
    "ix_responses_device",
    responses.c.device_id,
    responses.c.captured_ms,
    sqlite_where=~responses.c.test,
    postgresql_where=~responses.c.test,
)

# How to reach a customer, apart from what they answered; its highest revision, as it came. `wiped`: nothing of it is
# left but its numbers.
contacts = Table(
    "contacts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rev", Integer, nullable=False),
    Column("response_id", Text, nullable=False),
    Column("device_id", Text, nullable=False),
    Column("location_id", Integer, nullable=False),
    Column("touchpoint_id", Integer, nullable=False),
    Column("test", Boolean, nullable=False),
    Column("captured_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
    Column("wiped", Boolean, nullable=False, server_default=text("false")),
    Column("body", Text, nullable=False),
)
# Serve: who of a place asked to be called, newest first; who of many places did; the contact of a response.
Index("ix_contacts_place", contacts.c.location_id, contacts.c.captured_ms)
Index("ix_contacts_newest", contacts.c.captured_ms, contacts.c.id)
Index("ix_contacts_response", contacts.c.response_id)
# Serves: whose time is up.
Index(
    "ix_contacts_kept",
    contacts.c.captured_ms,
    sqlite_where=text("NOT wiped"),
    postgresql_where=text("NOT wiped"),
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
    # Serves: what of a device is kept apart, and why.
    Index(None, "device_id", "code"),
)

# Ids whose words were taken out: every road into the centre reads them. Refilled from a file outside the database.
erasures = Table(
    "erasures",
    metadata,
    Column("id", Text, primary_key=True),
    Column("erased_ms", BigInteger, nullable=False),
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
        Column("lang", Text, nullable=False, server_default=text("''")),
        Column("aside", Boolean, nullable=False),
        Column("n", Integer, nullable=False),
        *(Column(value, Integer, nullable=False) for value in VALUES),
        PrimaryKeyConstraint("location_id", "question", "choice", bucket, "touchpoint_id", "lang", "aside"),
    )


tallies_day = _tally("tallies_day", "day")
tallies_hour = _tally("tallies_hour", "hour")

# The days of everything below a location that has places below it, kept apart by the time zone of the places, as each
# counts its own days; location 0 is above the whole tree. `whole` counts all; its twin only the days of a place with
# answers enough to be shown, so that nobody subtracts the others out. What crews were answered stands apart (`crews`):
# who doesn't see them is shown sums without them.
sums_day = Table(
    "sums_day",
    metadata,
    Column("location_id", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("choice", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("zone", Text, nullable=False),
    Column("aside", Boolean, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("crews", Boolean, nullable=False),
    Column("n", Integer, nullable=False),
    *(Column(value, Integer, nullable=False) for value in VALUES),
    PrimaryKeyConstraint("location_id", "question", "choice", "day", "zone", "aside", "whole", "crews"),
)

# What has to be summed up again: a location's day, or (NULL) all of its days. Rows are only added and taken away, so
# that nobody who stores answers waits for anybody.
sums_marks = Table(
    "sums_marks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("location_id", Integer, nullable=False),
    Column("day", Integer),
)

# What was found by looking through very many places, kept for a while: `scope` is what was looked through, `what` was
# looked for, and `body` is JSON.
glances = Table(
    "glances",
    metadata,
    Column("scope", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("found_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint("scope", "what"),
)
