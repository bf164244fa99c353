"""Who signs in, what they may, by which keys machines read, and who did what."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from sync.models.facts import metadata

# A person who signs in; what they may stands in `grants`. Without a `password_hash` they were invited and have not
# come yet. Their second factor is derived from `totp_nonce` and a secret outside the database; it is in force since
# `totp_ms`, and `totp_step` is the last step of 30 s whose code was used.
users = Table(
    "users",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", Text, nullable=False, unique=True),  # lower case
    Column("name", Text, nullable=False),
    Column("password_hash", Text),
    Column("language", Text),
    Column("totp_nonce", Text),
    Column("totp_ms", BigInteger),
    Column("totp_step", BigInteger, nullable=False, server_default=text("0")),
    Column("created_ms", BigInteger, nullable=False),
    Column("disabled_ms", BigInteger),
    Column("version", Integer, nullable=False, server_default=text("1")),
)

# A role at a location and below it; `location_id` NULL is the whole tree.
grants = Table(
    "grants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("location_id", ForeignKey("locations.id")),
    Column("role", Text, nullable=False),  # admin, analyst, manager, crew, viewer
    Index(None, "user_id"),
    Index(None, "location_id"),
)

# `token_hash` is SHA-256 of the cookie, so that a stolen database opens no door. `second_ms`: when the second factor
# was shown in this session. `agent` and `address`: where it began, for its owner to recognise.
sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger),
    Column("second_ms", BigInteger),
    Column("address", Text, nullable=False, server_default=text("''")),
    Column("agent", Text, nullable=False, server_default=text("''")),
    Index(None, "user_id"),
)

# Links that sign in with one click, as often as they are followed; only the server's own commands make them.
sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)

# Links that do one thing once: `first` (the first person of an empty centre, so nobody's), `invite`, `password`.
one_time_links = Table(
    "one_time_links",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("user_id", ForeignKey("users.id")),
    Column("made_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
    Index(None, "user_id"),
)

# For the day the telephone with the second factor is gone; each opens once.
recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("code_hash", Text, nullable=False),
    Column("used_ms", BigInteger),
    PrimaryKeyConstraint("user_id", "code_hash"),
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

# Machines that read or import; `hint` is how the key begins, so that its owner knows which it is.
api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("key_hash", Text, nullable=False, unique=True),
    Column("hint", Text, nullable=False),
    Column("location_id", ForeignKey("locations.id")),
    Column("may", Text, nullable=False),  # read, import
    Column("made_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
    Column("revoked_ms", BigInteger),
    Index(None, "location_id"),
)

# Who did what to what, from where; the database itself refuses to change or delete a row. `path` is the part of the
# tree it concerns, "/" for all of it; `before` and `after` are JSON of what changed, without secrets.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("user_id", Integer),
    Column("actor", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("before", Text),
    Column("after", Text),
    # Serve: the newest; the newest of one kind; of one subject; of one person; of one action.
    Index(None, "at_ms"),
    Index(None, "kind", "at_ms"),
    Index(None, "kind", "subject", "at_ms"),
    Index(None, "user_id", "at_ms"),
    Index(None, "action", "at_ms"),
)

# An agreement with those who represent the crews, by which whoever sees a place sees its crews one by one: at a group
# and below it (`location_id` NULL: everywhere), from the moment `from_ms` on, with which its local day `from_day`
# begins, until it is taken back.
crew_agreements = Table(
    "crew_agreements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("location_id", ForeignKey("locations.id")),
    Column("name", Text, nullable=False),
    Column("from_day", Integer, nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    Column("ended_by", Text),
    Index(None, "location_id"),
)
