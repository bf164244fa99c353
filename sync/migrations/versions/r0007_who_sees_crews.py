"""Who sees crews: sums of groups without them, what several were answered together, agreements that open them."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def _counts() -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in ("n", *(f"s{value}" for value in range(11)))]


def upgrade() -> None:
    _sums()
    _together()
    op.create_table(
        "crew_agreements",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id")),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("from_day", sa.Integer(), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger()),
        sa.Column("ended_by", sa.Text()),
    )
    op.create_index("ix_crew_agreements_location_id", "crew_agreements", ["location_id"])


def _sums() -> None:
    """Whoever looks first sums up anew."""
    op.drop_table("sums_day")
    op.create_table(
        "sums_day",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("aside", sa.Boolean(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("crews", sa.Boolean(), nullable=False),
        *_counts(),
        sa.PrimaryKeyConstraint("location_id", "question", "choice", "day", "zone", "aside", "whole", "crews"),
    )
    op.execute("INSERT INTO sums_marks (location_id) SELECT DISTINCT parent_id FROM locations WHERE parent_id > 0")
    op.execute("INSERT INTO sums_marks (location_id) VALUES (0)")


def _together() -> None:
    op.create_table(
        "crew_parts",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("crew_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("label", sa.Integer(), nullable=False),
        *_counts(),
        sa.PrimaryKeyConstraint("location_id", "crew_id", "question", "day", "label"),
    )
    op.create_index("ix_crew_parts_crew_id_question", "crew_parts", ["crew_id", "question"])
    op.create_table(
        "crew_withdrawn",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("label", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("location_id", "question", "label"),
    )
    op.create_table(
        "crew_looks",
        sa.Column("location_id", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("day", sa.Integer(), nullable=False),
    )
