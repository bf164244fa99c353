"""The tree of places, where in the journey is asked, what, and on which screen."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from sync.models.facts import metadata

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

# Where in the journey a question is asked there.
touchpoints = Table(
    "touchpoints",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("name", Text, nullable=False),
    Index(None, "location_id", "name", unique=True),
)

# What holds at a location and below it, or at one of its touchpoints alone (`touchpoint_id`; 0: at all of them).
# `value` is JSON.
settings = Table(
    "settings",
    metadata,
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("touchpoint_id", Integer, nullable=False),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("set_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("location_id", "touchpoint_id", "key"),
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

# A question keeps its kind and its scale (empty where it has none) for ever: scales are never mixed. `texts` is how
# the survey that was published last asks it, by language, as JSON; `asked` whether that is first, or after something.
questions = Table(
    "questions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("scale", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default=text("'scale'")),
    Column("texts", Text, nullable=False, server_default=text("'{}'")),
    Column("asked", Text, nullable=False, server_default=text("'first'")),
)

screens = Table(
    "screens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("device_id", ForeignKey("devices.id")),
    Index(None, "device_id"),
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
