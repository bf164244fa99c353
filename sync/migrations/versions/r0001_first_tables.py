"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "anchors",
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("boot", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("boottime_ms", sa.BigInteger(), nullable=False),
        sa.Column("server_ms", sa.BigInteger(), nullable=False),
        sa.Column("rtt_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "boot", "place"),
    )
    op.create_table(
        "centre",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "devices",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("install", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("app", sa.Text(), nullable=False),
        sa.Column("enrolled_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_ms", sa.BigInteger()),
        sa.Column("contact_ms", sa.BigInteger()),
        sa.Column("stored_ms", sa.BigInteger()),
        sa.Column("complete_ms", sa.BigInteger()),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("seen_tries", sa.BigInteger(), nullable=False, server_default=sa.text("0")),
        sa.Column("health", sa.Text()),
    )
    op.create_index("ix_devices_stored_ms", "devices", ["stored_ms"])
    op.create_table(
        "locations",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("parent_id", sa.Integer(), sa.ForeignKey("locations.id")),
        sa.Column("path", sa.Text(), nullable=False, unique=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("zone", sa.Text()),
        sa.Column("hours", sa.Text()),
    )
    op.create_index("ix_locations_parent_id", "locations", ["parent_id"])
    op.create_table(
        "quarantine",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("sha", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "rev", "sha"),
    )
    op.create_table(
        "questions",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("scale", sa.Text(), nullable=False),
    )
    op.create_table(
        "receipts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("sha", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("stream", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "rev"),
    )
    op.create_table(
        "responses",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("touchpoint_id", sa.Integer(), nullable=False),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("captured_ms", sa.BigInteger(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("error_ms", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("hour", sa.Integer()),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("aside", sa.Boolean(), nullable=False),
        sa.Column("commented", sa.Boolean(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index(
        "ix_responses_comments",
        "responses",
        ["location_id", "captured_ms"],
        sqlite_where=sa.column("commented"),
        postgresql_where=sa.column("commented"),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_sign_in_failures_subject_at_ms", "sign_in_failures", ["subject", "at_ms"])
    op.create_table(
        "streams",
        sa.Column("stream", sa.Text(), primary_key=True),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("max_seq", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_streams_device_id", "streams", ["device_id"])
    op.create_table(
        "surveys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("published_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", "version"),
    )
    for name, bucket in (("tallies_day", "day"), ("tallies_hour", "hour")):
        op.create_table(
            name,
            sa.Column("location_id", sa.Integer(), nullable=False),
            sa.Column("question", sa.Text(), nullable=False),
            sa.Column("choice", sa.Text(), nullable=False),
            sa.Column(bucket, sa.Integer(), nullable=False),
            sa.Column("touchpoint_id", sa.Integer(), nullable=False),
            sa.Column("aside", sa.Boolean(), nullable=False),
            sa.Column("n", sa.Integer(), nullable=False),
            *(sa.Column(f"s{value}", sa.Integer(), nullable=False) for value in range(11)),
            sa.PrimaryKeyConstraint("location_id", "question", "choice", bucket, "touchpoint_id", "aside"),
        )
    op.create_table(
        "screens",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("device_id", sa.Text(), sa.ForeignKey("devices.id")),
    )
    op.create_index("ix_screens_device_id", "screens", ["device_id"])
    op.create_table(
        "driven",
        sa.Column("device_id", sa.Text(), sa.ForeignKey("devices.id"), nullable=False),
        sa.Column("screen_id", sa.Text(), sa.ForeignKey("screens.id"), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "screen_id"),
    )
    op.create_table(
        "touchpoints",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("survey", sa.Text()),
    )
    op.create_index("ix_touchpoints_location_id_name", "touchpoints", ["location_id", "name"], unique=True)
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("email", sa.Text(), nullable=False, unique=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id")),
        sa.Column("responses", sa.Boolean(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("disabled_ms", sa.BigInteger()),
    )
    op.create_table(
        "placements",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("screen_id", sa.Text(), sa.ForeignKey("screens.id"), nullable=False),
        sa.Column("touchpoint_id", sa.Integer(), sa.ForeignKey("touchpoints.id"), nullable=False),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger()),
    )
    op.create_index("ix_placements_screen_id", "placements", ["screen_id"])
    op.create_index("ix_placements_touchpoint_id", "placements", ["touchpoint_id"])
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.Text(), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_ms", sa.BigInteger()),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_table(
        "sign_in_links",
        sa.Column("token_hash", sa.Text(), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "enrol_codes",
        sa.Column("finder", sa.Text(), primary_key=True),
        sa.Column("proof_hash", sa.Text(), nullable=False),
        sa.Column("placement_id", sa.Text(), sa.ForeignKey("placements.id"), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("wrong", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column("install", sa.Text()),
        sa.Column("device_id", sa.Text(), sa.ForeignKey("devices.id")),
    )
