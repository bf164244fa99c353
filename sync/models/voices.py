"""What customers said and what became of it: words to find comments by, themes, who was called, what was decided about
a single answer. The texts themselves stand in the responses alone."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from sync.models.facts import metadata

# Compared byte by byte on both databases, so that a beginning is a range of the index.
_WORD = Text().with_variant(Text(collation="C"), "postgresql")

# A person's word on a rule of the mill, or on an answer that no rule caught: it belongs to the response, whatever
# revision of it comes later. `holds` false: the flag was lifted; true: it was set.
flag_decisions = Table(
    "flag_decisions",
    metadata,
    Column("response_id", Text, nullable=False),
    Column("flag", Text, nullable=False),
    Column("holds", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("response_id", "flag"),
)

# Every comment that can be found, by the id of its response: where and when, what was touched. Its words are in
# comment_words.
comments = Table(
    "comments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("rev", Integer, nullable=False),
    Column("location_id", Integer, nullable=False),
    Column("touchpoint_id", Integer, nullable=False),
    Column("captured_ms", BigInteger, nullable=False),
    Column("day", Integer, nullable=False),
    Column("lang", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("value", Integer),
    Column("aside", Boolean, nullable=False),
    # Serve: the newest of a place, and of all places.
    Index(None, "location_id", "captured_ms"),
    Index(None, "captured_ms", "id"),
)

# The words of a comment and, marked, their stems (see sync.office.stems).
comment_words = Table(
    "comment_words",
    metadata,
    Column("word", _WORD, nullable=False),
    Column("response_id", Text, nullable=False),
    PrimaryKeyConstraint("word", "response_id"),
    Index(None, "response_id"),
)

# Responses whose words are not in comment_words yet, or no longer the same: added with the answer, taken away by
# whoever reads.
comment_marks = Table(
    "comment_marks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("response_id", Text, nullable=False),
)

# What somebody decided about a comment. `praise_id`: the place that it was passed on to as praise.
moderation = Table(
    "moderation",
    metadata,
    Column("response_id", Text, primary_key=True),
    Column("hidden_ms", BigInteger),
    Column("hidden_by", Text),
    Column("follow_ms", BigInteger),
    Column("follow_by", Text),
    Column("praise_id", ForeignKey("locations.id")),
    Column("praised_ms", BigInteger),
    Column("praised_by", Text),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Index(None, "praise_id", "praised_ms"),
)

# What comments are about: a name, and words by language as JSON. `location_id` NULL: everybody's; else it holds at that
# place and below.
themes = Table(
    "themes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("location_id", ForeignKey("locations.id")),
    Column("name", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
)

# Who of those that asked to be called was: by whom, when.
calls = Table(
    "calls",
    metadata,
    Column("contact_id", Text, primary_key=True),
    Column("done_ms", BigInteger, nullable=False),
    Column("done_by", Text, nullable=False),
)

# Screens on a wall, each opened by a token of which only the hash is kept.
walls = Table(
    "walls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("language", Text, nullable=False),
    Column("token_hash", Text, nullable=False, unique=True),
    Column("made_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger),
    Column("revoked_ms", BigInteger),
    Index(None, "location_id"),
)

# What was done at a place to become better, from a local day on: a mark on its trend.
improvements = Table(
    "improvements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("location_id", ForeignKey("locations.id"), nullable=False),
    Column("day", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Index(None, "location_id", "day"),
)
