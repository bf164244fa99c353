"""Settings of places, how to reach customers, and which responses of a device lie close together."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "settings",
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id"), nullable=False),
        sa.Column("touchpoint_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("set_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("location_id", "touchpoint_id", "key"),
    )
    op.execute(
        "INSERT INTO settings (location_id, touchpoint_id, key, value, set_ms) "
        """SELECT location_id, id, 'survey', '"' || survey || '"', 0 FROM touchpoints WHERE survey IS NOT NULL"""
    )
    op.drop_column("touchpoints", "survey")
    op.add_column("questions", sa.Column("kind", sa.Text(), nullable=False, server_default=sa.text("'scale'")))
    op.add_column("questions", sa.Column("texts", sa.Text(), nullable=False, server_default=sa.text("'{}'")))
    op.add_column("questions", sa.Column("asked", sa.Text(), nullable=False, server_default=sa.text("'first'")))
    op.create_table(
        "contacts",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("touchpoint_id", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("captured_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_contacts_place", "contacts", ["location_id", "captured_ms"])
    op.create_index("ix_contacts_response", "contacts", ["response_id"])
    real = {"sqlite": sa.text("test = 0"), "postgresql": sa.text("NOT test")}
    op.create_index(
        "ix_responses_device",
        "responses",
        ["device_id", "captured_ms"],
        sqlite_where=real["sqlite"],
        postgresql_where=real["postgresql"],
    )
