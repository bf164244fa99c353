"""The tree of places, where in the journey is asked, what, and on which screen."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)

from sync.models.facts import metadata

# Compared byte by byte on both databases, so that "at and below" is a range of the index (see places.below).
_PATH = Text().with_variant(Text(collation="C"), "postgresql")

# One tree. `path` is the ids from the root down, "/1/4/", so that a subtree is a prefix. `zone` and `hours`
# (seven lists of [open, close] minutes as JSON, "null" for always open) are inherited where they are NULL. `ref` is the
# organisation's own number for it; `opened_day`, `closed_day`: its first and its last local day, where they are known.
locations = Table(
    "locations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("parent_id", ForeignKey("locations.id"), nullable=True),
    Column("path", _PATH, nullable=False, unique=True),
    Column("kind", Text, nullable=False),  # group, store, crew
    Column("name", Text, nullable=False),
    Column("zone", Text),
    Column("hours", Text),
    Column("ref", Text),
    Column("opened_day", Integer),
    Column("closed_day", Integer),
    Column("version", Integer, nullable=False, server_default=text("1")),
    # Serve: the places of a group by name, page by page; the one with this number.
    Index(None, "parent_id", "name"),
    Index(None, "ref", unique=True),
)

# What a place's time zone was before: `zone` held there until that moment, after the one of the row before. Only where
# something can have been captured; without a row today's zone always held.
former_zones = Table(
    "former_zones",
    metadata,
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    Column("zone", Text, nullable=False),
    PrimaryKeyConstraint("location_id", "until_ms"),
)

# What touchpoints of many places have in common; `location_id` is whose it is (NULL: everybody's): it may be used there
# and below.
touchpoint_templates = Table(
    "touchpoint_templates",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("location_id", ForeignKey("locations.id")),
    Column("name", Text, nullable=False),
    Column("retired_ms", BigInteger),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Index(None, "location_id"),
)

# A file of places that somebody looks at before they confirm it, packed; for whichever server process answers next.
uploads = Table(
    "uploads",
    metadata,
    Column("token_hash", Text, primary_key=True),
    Column("user_id", ForeignKey("users.id"), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Index(None, "made_ms"),
)

# Where in the journey a question is asked there; from its first local day to its last, where they are known.
touchpoints = Table(
    "touchpoints",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("template_id", ForeignKey("touchpoint_templates.id")),
    Column("opened_day", Integer),
    Column("retired_day", Integer),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Index(None, "location_id", "name", unique=True),
    Index(None, "template_id"),
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

# Which survey is asked from one local day to another, both included (`to_day` NULL: until it is taken back): at a
# location and below it (NULL: everywhere), at all touchpoints or at those of one template.
schedules = Table(
    "schedules",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("survey", Text, nullable=False),
    Column("location_id", ForeignKey("locations.id")),
    Column("template_id", ForeignKey("touchpoint_templates.id")),
    Column("from_day", Integer, nullable=False),
    Column("to_day", Integer),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Index(None, "location_id"),
)

# What is being written and not published yet, one a survey: JSON, perhaps incomplete. `location_id` is whose survey it
# is (NULL: everybody's): it may be asked there and below.
drafts = Table(
    "drafts",
    metadata,
    Column("survey", Text, primary_key=True),
    Column("location_id", ForeignKey("locations.id")),
    Column("definition", Text, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    Column("retired_ms", BigInteger),
    Column("version", Integer, nullable=False, server_default=text("1")),
)

# A question keeps its kind and its scale (empty where it has none) for ever: scales are never mixed. `texts` is how
# the survey that was published last asks it, by language, as JSON; `asked` whether that is first, or after something.
# `replaces`: the question whose place it took, when what was meant or the scale changed.
questions = Table(
    "questions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("scale", Text, nullable=False),
    Column("kind", Text, nullable=False, server_default=text("'scale'")),
    Column("texts", Text, nullable=False, server_default=text("'{}'")),
    Column("asked", Text, nullable=False, server_default=text("'first'")),
    Column("replaces", Text),
)

screens = Table(
    "screens",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("device_id", ForeignKey("devices.id")),
    Column("version", Integer, nullable=False, server_default=text("1")),
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
# Serves: how many screens stand somewhere now.
_standing = placements.c.to_ms.is_(None)
Index("ix_placements_standing", placements.c.touchpoint_id, sqlite_where=_standing, postgresql_where=_standing)
