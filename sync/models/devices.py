"""Boxes, how they are let in, and what is known of their streams and clocks."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from sync.models.facts import metadata

# A box with an outbox. `complete_ms`: everything captured before was delivered. `stored_ms`: when it last brought
# something new. `seen_ms`, `seen_tries`: the newest `seen` it was served with.
# `boot`, `boottime_ms`: the start it was last heard in, and how long that had been going on.
# What the list of terminals is sorted and found by, as it was at the last look (see sync.office.watch): `needs` has a
# bit for each state, `rank` is the gravest, `label` what it is called, `owed` how many answers it owes. It is looked at
# again at `look_ms`, which what a terminal tells brings forward, and at `hush_ms`: it may be silent by then.
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
    Column("boot", Text),
    Column("boottime_ms", BigInteger),
    Column("needs", Integer, nullable=False, server_default=text("0")),
    Column("rank", Integer, nullable=False, server_default=text("0")),
    Column("label", Text, nullable=False, server_default=text("''")),
    Column("owed", BigInteger, nullable=False, server_default=text("0")),
    Column("look_ms", BigInteger, nullable=False, server_default=text("0")),
    Column("hush_ms", BigInteger, nullable=False, server_default=text("0")),
    Index(None, "stored_ms"),
    # Serve: those to be looked at; a page of the list; how many are in which state, and since when.
    Index(None, "look_ms"),
    Index(None, "hush_ms"),
    Index(None, "rank", "label", "id"),
    Index(None, "needs", "complete_ms"),
)

# Every screen that a device drives or ever drove: what it captured there stays its own when the screen moves on.
driven = Table(
    "driven",
    metadata,
    Column("device_id", ForeignKey("devices.id"), nullable=False),
    Column("screen_id", ForeignKey("screens.id"), nullable=False),
    PrimaryKeyConstraint("device_id", "screen_id"),
    # Serves: which boxes drove a screen.
    Index(None, "screen_id"),
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

# Every start that a device lived through, in its order: `n` counts the starts, as the device told.
boots = Table(
    "boots",
    metadata,
    Column("device_id", Text, nullable=False),
    Column("boot", Text, nullable=False),
    Column("n", BigInteger, nullable=False),
    PrimaryKeyConstraint("device_id", "boot"),
)

# What speaks for two boxes with one identity: `sign` names the rule that fired. `settled_ms`: a person has looked.
clone_signs = Table(
    "clone_signs",
    metadata,
    Column("device_id", Text, nullable=False),
    Column("sign", Text, nullable=False),  # fingerprint, slot, boot, rolled_back
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    Column("settled_ms", BigInteger),
    PrimaryKeyConstraint("device_id", "sign"),
)
