"""Who signs in."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, Text

from sync.models.facts import metadata

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
