"""Erasures, the order of a device's starts, clone signs, and what a later anchor may move."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("erased_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "boots",
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "boot"),
    )
    op.create_table(
        "clone_signs",
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("sign", sa.Text(), nullable=False),
        sa.Column("first_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_ms", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("settled_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("device_id", "sign"),
    )
    op.add_column("devices", sa.Column("boot", sa.Text()))
    op.add_column("devices", sa.Column("boottime_ms", sa.BigInteger()))
    op.add_column("responses", sa.Column("boot", sa.Text(), nullable=False, server_default=sa.text("''")))
    op.execute(_BOOTS[op.get_bind().dialect.name])
    unsure = sa.text("quality <> 'anchored' OR error_ms > 1000")
    op.create_index(
        "ix_responses_unsure",
        "responses",
        ["device_id", "boot", "captured_ms"],
        sqlite_where=unsure,
        postgresql_where=unsure,
    )
    op.create_index("ix_receipts_slot", "receipts", ["stream", "seq"])
    op.create_index("ix_quarantine_device_id_code", "quarantine", ["device_id", "code"])


# Every response says in its body which start of its clock stamped it.
_BOOTS = {
    "sqlite": "UPDATE responses SET boot = coalesce(json_extract(body, '$.stamp.boot'), '')",
    "postgresql": "UPDATE responses SET boot = coalesce(body::jsonb -> 'stamp' ->> 'boot', '')",
}
