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


def _day(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("location_id", Integer, nullable=False),
        Column("question", Text, nullable=False),
        Column("choice", Text, nullable=False),
        Column("day", Integer, nullable=False),
        *_counts(),
        PrimaryKeyConstraint("location_id", "question", "choice", "day"),
    )


# What those may see who may not see single answers: the unflagged counts of a place, which move by five answers or more
# at a time. In `shown_day` days with too few stand together under the last of them; `released_day` has what of each
# day is among them, so that the next release knows what is new.
shown_day = _day("shown_day")
released_day = _day("released_day")
