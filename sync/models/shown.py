"""What was shown of the counts, to whom and when; and what changed them afterwards."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table, Text, text

from sync.models.facts import metadata
from sync.models.responses import VALUES


def _counts() -> list[Column[int]]:
    return [Column(name, Integer, nullable=False) for name in ("n", *VALUES)]


# What changed the counts of a local day after that day was over, a row per transaction, place, question, day and cause.
# The columns are what came to (or, below zero, was taken from) the unflagged counts; `responses` is how many it was
# about, also where nothing moved in sum. `cause`: as in sync.intake.record; `question` is empty for an erasure.
# `device_id` is the box that delivered it, `actor` the person who did it.
restatements = Table(
    "restatements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("location_id", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("cause", Text, nullable=False),
    Column("device_id", Text),
    Column("actor", Text, nullable=False, server_default=text("''")),
    Column("responses", Integer, nullable=False),
    *_counts(),
    # Serve: what changed a place's days; what changed a day anywhere.
    Index(None, "location_id", "day"),
    Index(None, "day"),
)

# The counts of a local day as they were first shown to anybody after it was over; `whole` to those who may see single
# answers, its twin to all others. `complete_ms`: through when its terminals had delivered then (NULL: not known). A row
# without a question stands for the day as a whole, also where nobody had answered; its `changes` are the numbers of
# the restatements that were in it already, with commas.
mornings = Table(
    "mornings",
    metadata,
    Column("location_id", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("shown_ms", BigInteger, nullable=False),
    Column("complete_ms", BigInteger),
    Column("changes", Text, nullable=False, server_default=text("''")),
    *_counts(),
    PrimaryKeyConstraint("location_id", "question", "day", "whole"),
)


# What those may see who may not see single answers: the unflagged counts of a place, by the local day under which they
# stand. They come in parts of five answers or more that nobody was shown before (`parts`: how many); `taken` is how
# many of them were taken back and may come again, `parted` whether some of one part ever were. See sync.intake.atoms.
shown_day = Table(
    "shown_day",
    metadata,
    Column("location_id", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("choice", Text, nullable=False),
    Column("day", Integer, nullable=False),
    *_counts(),
    Column("parts", Integer, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("parted", Boolean, nullable=False),
    PrimaryKeyConstraint("location_id", "question", "choice", "day"),
)

# All that was ever released of each true day, by the day (`label`) under which it stands in `shown_day`. Under label
# -1: what was counted here after it may have been shown elsewhere already, and is not shown again.
released_day = Table(
    "released_day",
    metadata,
    Column("location_id", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("choice", Text, nullable=False),
    Column("label", Integer, nullable=False),
    *_counts(),
    PrimaryKeyConstraint("location_id", "day", "question", "choice", "label"),
)

# When something may be released next at a place though nothing comes in (a day is over, a briefing begins), the first
# day that waits for it, and the local day of a crew's last briefing. Under location 0: the next quarter of an hour at
# which somebody has to look.
releases = Table(
    "releases",
    metadata,
    Column("location_id", Integer, primary_key=True, autoincrement=False),
    Column("briefed", Integer),
    Column("due_ms", BigInteger),
    Column("first", Integer),
    # Serves: where the time has come.
    Index("ix_releases_due_ms", "due_ms"),
)

# A place's briefing of a local day has chosen what it shows of customers' words: nothing is added to it afterwards.
told = Table(
    "told",
    metadata,
    Column("location_id", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("told_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("location_id", "day"),
)

# Every comment that those may read who may not see single answers: since the briefing of the local day `told_day`, from
# among at least five answers of that place that were told together as `label`, the last of their days (`alone`: they
# are all of that one). `turn` is drawn by lot: words stand in its order. See sync.office.word_groups.
told_answers = Table(
    "told_answers",
    metadata,
    Column("location_id", Integer, nullable=False),
    Column("response_id", Text, nullable=False),
    Column("rev", Integer, nullable=False),
    Column("told_day", Integer, nullable=False),
    Column("label", Integer, nullable=False),
    Column("alone", Boolean, nullable=False),
    Column("turn", Integer, nullable=False),
    PrimaryKeyConstraint("location_id", "response_id"),
    # Serves: what the briefings of some days told.
    Index(None, "location_id", "told_day"),
)

# How many answers without words of a local day were told at most: they are not among five a second time.
told_days = Table(
    "told_days",
    metadata,
    Column("location_id", Integer, nullable=False),
    Column("day", Integer, nullable=False),
    Column("wordless", Integer, nullable=False),
    PrimaryKeyConstraint("location_id", "day"),
)

# What was shown of several crews of a group together to those who see none of them by itself: of each question the
# counts that stand under a local day (`label`), by the crew and the true day that they are of. Under label -1: what
# was shown elsewhere before it counted at the crew, and is not shown again. `location_id` is the group's (0 for -1).
crew_parts = Table(
    "crew_parts",
    metadata,
    Column("location_id", Integer, nullable=False),
    Column("crew_id", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("day", Integer, nullable=False),
    Column("label", Integer, nullable=False),
    *_counts(),
    PrimaryKeyConstraint("location_id", "crew_id", "question", "day", "label"),
    # Serves: what of a crew was shown anywhere.
    Index(None, "crew_id", "question"),
)

# The days of such sums that were taken back as a whole, since too much of them no longer counts.
crew_withdrawn = Table(
    "crew_withdrawn",
    metadata,
    Column("location_id", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("label", Integer, nullable=False),
    PrimaryKeyConstraint("location_id", "question", "label"),
)

# The local day on which a group's crews were summed up last: that is once a day.
crew_looks = Table(
    "crew_looks",
    metadata,
    Column("location_id", Integer, primary_key=True, autoincrement=False),
    Column("day", Integer, nullable=False),
)
