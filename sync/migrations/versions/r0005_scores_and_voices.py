"""What head office reads: counts by language, what was shown and what changed it, comments to be found, walls."""

import sqlalchemy as sa
from alembic import op

from sync.migrations import views_v1

revision = "0005"
down_revision = "0004"

_ONE = sa.text("1")
_EMPTY = sa.text("''")
_VALUES = ("n", *(f"s{value}" for value in range(11)))


def upgrade() -> None:
    _languages()
    _shown()
    _comments()
    _rest()
    views_v1.create(op.get_bind())


def _languages() -> None:
    """What came in before has no language: which it was is not in the counts."""
    op.add_column("responses", sa.Column("lang", sa.Text(), nullable=False, server_default=_EMPTY))
    for name, bucket in (("tallies_day", "day"), ("tallies_hour", "hour")):
        key = ["location_id", "question", "choice", bucket, "touchpoint_id", "lang", "aside"]
        if op.get_bind().dialect.name == "postgresql":
            op.add_column(name, sa.Column("lang", sa.Text(), nullable=False, server_default=_EMPTY))
            held = sa.inspect(op.get_bind()).get_pk_constraint(name)["name"] or f"pk_{name}"
            op.drop_constraint(held, name, type_="primary")
            op.create_primary_key(held, name, key)
            continue
        # SQLite does not change a key: a new table, filled from the old one.
        op.rename_table(name, f"{name}_before")
        op.create_table(
            name,
            sa.Column("location_id", sa.Integer(), nullable=False),
            sa.Column("question", sa.Text(), nullable=False),
            sa.Column("choice", sa.Text(), nullable=False),
            sa.Column(bucket, sa.Integer(), nullable=False),
            sa.Column("touchpoint_id", sa.Integer(), nullable=False),
            sa.Column("lang", sa.Text(), nullable=False, server_default=_EMPTY),
            sa.Column("aside", sa.Boolean(), nullable=False),
            *(sa.Column(value, sa.Integer(), nullable=False) for value in _VALUES),
            sa.PrimaryKeyConstraint(*key),
        )
        kept = ", ".join(("location_id", "question", "choice", bucket, "touchpoint_id", "aside", *_VALUES))
        op.execute(f"INSERT INTO {name} ({kept}) SELECT {kept} FROM {name}_before")  # noqa: S608 (our own names)
        op.drop_table(f"{name}_before")


def _counts() -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in _VALUES]


def _shown() -> None:
    op.create_index("ix_driven_screen_id", "driven", ["screen_id"])
    op.create_table(
        "restatements",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Text()),
        sa.Column("actor", sa.Text(), nullable=False, server_default=_EMPTY),
        sa.Column("responses", sa.Integer(), nullable=False),
        *_counts(),
    )
    op.create_index("ix_restatements_location_id_day", "restatements", ["location_id", "day"])
    op.create_index("ix_restatements_day", "restatements", ["day"])
    op.create_table(
        "mornings",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("shown_ms", sa.BigInteger(), nullable=False),
        sa.Column("complete_ms", sa.BigInteger()),
        sa.Column("changes", sa.Text(), nullable=False, server_default=_EMPTY),
        *_counts(),
        sa.PrimaryKeyConstraint("location_id", "question", "day", "whole"),
    )
    op.create_table(
        "shown_day",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        *_counts(),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("parted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("location_id", "question", "choice", "day"),
    )
    op.create_table(
        "released_day",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("label", sa.Integer(), nullable=False),
        *_counts(),
        sa.PrimaryKeyConstraint("location_id", "day", "question", "choice", "label"),
    )
    op.create_table(
        "releases",
        sa.Column("location_id", sa.Integer(), primary_key=True),
        sa.Column("briefed", sa.Integer()),
        sa.Column("due_ms", sa.BigInteger()),
        sa.Column("first", sa.Integer()),
    )
    op.create_index("ix_releases_due_ms", "releases", ["due_ms"])
    # What was counted before is released by whoever looks first.
    op.execute(
        "INSERT INTO sums_marks (location_id, day) SELECT DISTINCT location_id, CAST(NULL AS INTEGER) FROM tallies_day"
    )


def _comments() -> None:
    op.create_index("ix_responses_received", "responses", ["received_ms", "id"])
    flagged = sa.text("flags <> ''")
    op.create_index(
        "ix_responses_flagged", "responses", ["day", "location_id"], sqlite_where=flagged, postgresql_where=flagged
    )
    op.create_table(
        "flag_decisions",
        sa.Column("response_id", sa.Text(), nullable=False),
        sa.Column("flag", sa.Text(), nullable=False),
        sa.Column("holds", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("response_id", "flag"),
    )
    op.create_table(
        "comments",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("touchpoint_id", sa.Integer(), nullable=False),
        sa.Column("captured_ms", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("lang", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer()),
        sa.Column("aside", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_comments_location_id_captured_ms", "comments", ["location_id", "captured_ms"])
    op.create_index("ix_comments_captured_ms_id", "comments", ["captured_ms", "id"])
    op.create_table(
        "comment_words",
        sa.Column("word", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("response_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("word", "response_id"),
    )
    op.create_index("ix_comment_words_response_id", "comment_words", ["response_id"])
    op.create_table(
        "comment_marks",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("response_id", sa.Text(), nullable=False),
    )
    # What was written before is read by whoever looks first.
    op.execute("INSERT INTO comment_marks (response_id) SELECT id FROM responses WHERE commented")
    op.create_table(
        "moderation",
        sa.Column("response_id", sa.Text(), primary_key=True),
        sa.Column("hidden_ms", sa.BigInteger()),
        sa.Column("hidden_by", sa.Text()),
        sa.Column("follow_ms", sa.BigInteger()),
        sa.Column("follow_by", sa.Text()),
        sa.Column("praise_id", sa.Integer(), sa.ForeignKey("locations.id")),
        sa.Column("praised_ms", sa.BigInteger()),
        sa.Column("praised_by", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False, server_default=_ONE),
    )
    op.create_index("ix_moderation_praise_id_praised_ms", "moderation", ["praise_id", "praised_ms"])
    op.create_table(
        "themes",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id")),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default=_ONE),
    )


def _rest() -> None:
    op.add_column("contacts", sa.Column("wiped", sa.Boolean(), nullable=False, server_default=sa.text("false")))
    kept = sa.text("NOT wiped")
    op.create_index("ix_contacts_kept", "contacts", ["captured_ms"], sqlite_where=kept, postgresql_where=kept)
    op.create_table(
        "calls",
        sa.Column("contact_id", sa.Text(), primary_key=True),
        sa.Column("done_ms", sa.BigInteger(), nullable=False),
        sa.Column("done_by", sa.Text(), nullable=False),
    )
    op.create_table(
        "walls",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id"), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False, unique=True),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger()),
        sa.Column("revoked_ms", sa.BigInteger()),
    )
    op.create_index("ix_walls_location_id", "walls", ["location_id"])
    op.create_table(
        "improvements",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id"), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default=_ONE),
    )
    op.create_index("ix_improvements_location_id_day", "improvements", ["location_id", "day"])
