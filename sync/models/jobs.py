"""What crews do: their jobs, the tablets they handed over, what came of that, and how a crew reads its morning. A crew
is a location, a team with dates; nowhere here stands a person."""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text
from sqlalchemy import text as sql

from sync.models.facts import metadata

# One job of a crew. `ref` is the number as it was given, `key` the same as it is looked for (trimmed, casefolded, inner
# blanks one); `day` is the local day it is planned for; `what` is a line about the work, never about the customer.
# `state`: planned, done, cancelled; `source`: csv, api, page, tablet.
jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("ref", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("what", Text, nullable=False, server_default=sql("''")),
    Column("state", Text, nullable=False, server_default=sql("'planned'")),
    Column("source", Text, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default=sql("1")),
    # Serve: the job of this number; the jobs of some days.
    Index("ix_jobs_location_id_key", "location_id", "key", unique=True),
    Index(None, "location_id", "day"),
)

# A tablet that was offered to a customer, or was not: the highest revision of the entry. `job` is a job's key;
# `outcome` as in wire.Handover. `day` is the place's own.
handovers = Table(
    "handovers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rev", Integer, nullable=False),
    Column("device_id", Text, nullable=False),
    Column("location_id", Integer, nullable=False),
    Column("touchpoint_id", Integer, nullable=False),
    Column("job", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("response_id", Text),
    Column("test", Boolean, nullable=False),
    Column("captured_ms", BigInteger, nullable=False),
    Column("quality", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("held_ms", BigInteger),
    Column("received_ms", BigInteger, nullable=False),
    Column("body", Text, nullable=False),
    # Serve: the handovers of some days of a crew; those of a job; that of a response.
    Index(None, "location_id", "day"),
    Index(None, "location_id", "job"),
    Index(None, "response_id"),
)

# The raw numbers of answers that were given on a crew's tablet, beside the response: `first_ms` from the question to
# the first answer, `held_ms` since the customer said that they have the tablet; `phone`: on their own telephone.
handed_answers = Table(
    "handed_answers",
    metadata,
    Column("response_id", Text, primary_key=True),
    Column("rev", Integer, nullable=False),
    Column("location_id", Integer, nullable=False),
    Column("job", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("captured_ms", BigInteger, nullable=False),
    Column("quality", Text, nullable=False),
    Column("first_ms", BigInteger),
    Column("held_ms", BigInteger),
    Column("phone", Boolean, nullable=False),
    Column("test", Boolean, nullable=False),
    # Serve: the answers to a job; those of some days of a crew.
    Index(None, "location_id", "job"),
    Index(None, "location_id", "day"),
)

# What rules noticed in a crew's answers over the local days `first_day` to `last_day`: `value` of the `n` answers
# looked at, where `usual` is usual. It says something and changes nothing. `about` is the ids of the answers, JSON.
signals = Table(
    "signals",
    metadata,
    Column("location_id", Integer, nullable=False),
    Column("sign", Text, nullable=False),
    Column("last_day", Integer, nullable=False),
    Column("first_day", Integer, nullable=False),
    Column("n", Integer, nullable=False),
    Column("value", Float, nullable=False),
    Column("usual", Float, nullable=False),
    Column("about", Text, nullable=False),
    Column("found_ms", BigInteger, nullable=False),
    Column("lifted_ms", BigInteger),
    Column("lifted_by", Text),
    Column("reason", Text),
    PrimaryKeyConstraint("location_id", "sign", "last_day"),
)

# The link under which a crew or a store reads its briefing without a password; only the hash of its token is kept.
crew_links = Table(
    "crew_links",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("made_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Index(None, "location_id"),
)

# The telephones on which somebody pressed "This is my phone": `key_hash` is SHA-256 of the cookie. Whose it is stands
# nowhere; `agent` is what the browser calls itself.
crew_phones = Table(
    "crew_phones",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("link_id", ForeignKey("crew_links.id"), nullable=False),
    Column("key_hash", Text, nullable=False, unique=True),
    Column("agent", Text, nullable=False, server_default=sql("''")),
    Column("pressed_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Index(None, "link_id"),
)

# The crew's own line of context to a day, for whoever reads its briefing after it.
crew_notes = Table(
    "crew_notes",
    metadata,
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("day", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default=sql("1")),
    PrimaryKeyConstraint("location_id", "day"),
)
