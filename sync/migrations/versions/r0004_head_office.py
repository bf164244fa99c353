"""What head office runs the fleet with: roles, second factors, keys, the audit log, templates, schedules, drafts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ONE = sa.text("1")
_EMPTY = sa.text("''")


def upgrade() -> None:
    _places()
    _surveys()
    _people()
    _uploads()
    _audit()
    _devices()
    _sums()
    _newest()


def _places() -> None:
    op.create_table(
        "touchpoint_templates",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id")),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("retired_ms", sa.BigInteger()),
        sa.Column("version", sa.Integer(), nullable=False, server_default=_ONE),
    )
    op.create_index("ix_touchpoint_templates_location_id", "touchpoint_templates", ["location_id"])
    op.add_column("locations", sa.Column("ref", sa.Text()))
    op.add_column("locations", sa.Column("opened_day", sa.Integer()))
    op.add_column("locations", sa.Column("closed_day", sa.Integer()))
    op.add_column("locations", sa.Column("version", sa.Integer(), nullable=False, server_default=_ONE))
    op.create_index("ix_locations_ref", "locations", ["ref"], unique=True)
    op.drop_index("ix_locations_parent_id", "locations")
    op.create_index("ix_locations_parent_id_name", "locations", ["parent_id", "name"])
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("locations", "path", type_=sa.Text(collation="C"))
    op.create_table(
        "former_zones",
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id"), nullable=False),
        sa.Column("until_ms", sa.BigInteger(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("location_id", "until_ms"),
    )
    with op.batch_alter_table("touchpoints") as table:
        table.add_column(sa.Column("template_id", sa.Integer()))
        table.add_column(sa.Column("opened_day", sa.Integer()))
        table.add_column(sa.Column("retired_day", sa.Integer()))
        table.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default=_ONE))
        table.create_foreign_key("fk_touchpoints_template_id", "touchpoint_templates", ["template_id"], ["id"])
    op.create_index("ix_touchpoints_template_id", "touchpoints", ["template_id"])
    standing = sa.text("to_ms IS NULL")
    op.create_index(
        "ix_placements_standing", "placements", ["touchpoint_id"], sqlite_where=standing, postgresql_where=standing
    )
    op.add_column("screens", sa.Column("version", sa.Integer(), nullable=False, server_default=_ONE))


def _uploads() -> None:
    op.create_table(
        "uploads",
        sa.Column("token_hash", sa.Text(), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_uploads_made_ms", "uploads", ["made_ms"])


def _surveys() -> None:
    op.create_table(
        "schedules",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("survey", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id")),
        sa.Column("template_id", sa.Integer(), sa.ForeignKey("touchpoint_templates.id")),
        sa.Column("from_day", sa.Integer(), nullable=False),
        sa.Column("to_day", sa.Integer()),
        sa.Column("version", sa.Integer(), nullable=False, server_default=_ONE),
    )
    op.create_index("ix_schedules_location_id", "schedules", ["location_id"])
    op.create_table(
        "drafts",
        sa.Column("survey", sa.Text(), primary_key=True),
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id")),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("retired_ms", sa.BigInteger()),
        sa.Column("version", sa.Integer(), nullable=False, server_default=_ONE),
    )
    op.add_column("questions", sa.Column("replaces", sa.Text()))


def _people() -> None:
    op.create_table(
        "grants",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id")),
        sa.Column("role", sa.Text(), nullable=False),
    )
    op.create_index("ix_grants_user_id", "grants", ["user_id"])
    op.create_index("ix_grants_location_id", "grants", ["location_id"])
    # Whoever saw every place ran it; the others go on seeing what they saw.
    op.execute(
        "INSERT INTO grants (user_id, location_id, role) SELECT id, location_id, CASE WHEN NOT responses THEN 'viewer' "
        "WHEN location_id IS NULL THEN 'admin' ELSE 'manager' END FROM users"
    )
    with op.batch_alter_table("users") as table:
        table.drop_column("location_id")
        table.drop_column("responses")
        table.add_column(sa.Column("language", sa.Text()))
        table.add_column(sa.Column("totp_nonce", sa.Text()))
        table.add_column(sa.Column("totp_ms", sa.BigInteger()))
        table.add_column(sa.Column("totp_step", sa.BigInteger(), nullable=False, server_default=sa.text("0")))
        table.add_column(sa.Column("version", sa.Integer(), nullable=False, server_default=_ONE))
    op.add_column("sessions", sa.Column("second_ms", sa.BigInteger()))
    op.add_column("sessions", sa.Column("address", sa.Text(), nullable=False, server_default=_EMPTY))
    op.add_column("sessions", sa.Column("agent", sa.Text(), nullable=False, server_default=_EMPTY))
    op.create_table(
        "one_time_links",
        sa.Column("token_hash", sa.Text(), primary_key=True),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id")),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger()),
    )
    op.create_index("ix_one_time_links_user_id", "one_time_links", ["user_id"])
    op.create_table(
        "recovery_codes",
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id"), nullable=False),
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("used_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("user_id", "code_hash"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False, unique=True),
        sa.Column("hint", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id")),
        sa.Column("may", sa.Text(), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger()),
        sa.Column("revoked_ms", sa.BigInteger()),
    )
    op.create_index("ix_api_keys_location_id", "api_keys", ["location_id"])


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.Integer()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
    )
    op.create_index("ix_audit_at_ms", "audit", ["at_ms"])
    op.create_index("ix_audit_kind_at_ms", "audit", ["kind", "at_ms"])
    op.create_index("ix_audit_kind_subject_at_ms", "audit", ["kind", "subject", "at_ms"])
    op.create_index("ix_audit_user_id_at_ms", "audit", ["user_id", "at_ms"])
    op.create_index("ix_audit_action_at_ms", "audit", ["action", "at_ms"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'the audit log is only ever added to'; END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
            "FOR EACH STATEMENT EXECUTE FUNCTION audit_stays()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER audit_stays_{change.lower()} BEFORE {change} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is only ever added to'); END"
        )


def _devices() -> None:
    """What the list of terminals is sorted and found by."""
    zero = sa.text("0")
    op.add_column("devices", sa.Column("needs", sa.Integer(), nullable=False, server_default=zero))
    op.add_column("devices", sa.Column("rank", sa.Integer(), nullable=False, server_default=zero))
    op.add_column("devices", sa.Column("label", sa.Text(), nullable=False, server_default=_EMPTY))
    for name in ("owed", "look_ms", "hush_ms"):
        op.add_column("devices", sa.Column(name, sa.BigInteger(), nullable=False, server_default=zero))
    op.create_index("ix_devices_look_ms", "devices", ["look_ms"])
    op.create_index("ix_devices_hush_ms", "devices", ["hush_ms"])
    op.create_index("ix_devices_rank_label_id", "devices", ["rank", "label", "id"])
    op.create_index("ix_devices_needs_complete_ms", "devices", ["needs", "complete_ms"])
    doubtful = sa.text("quality IN ('unknown', 'bounded')")
    op.create_index(
        "ix_responses_doubtful", "responses", ["device_id", "captured_ms"],
        sqlite_where=doubtful, postgresql_where=doubtful,
    )  # fmt: skip


def _sums() -> None:
    op.create_table(
        "sums_day",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("aside", sa.Boolean(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        *(sa.Column(f"s{value}", sa.Integer(), nullable=False) for value in range(11)),
        sa.PrimaryKeyConstraint("location_id", "question", "choice", "day", "zone", "aside", "whole"),
    )
    op.create_table(
        "sums_marks",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer()),
    )
    # What was answered before is summed up by whoever looks first.
    op.execute("INSERT INTO sums_marks (location_id) SELECT DISTINCT parent_id FROM locations WHERE parent_id > 0")
    op.execute("INSERT INTO sums_marks (location_id) VALUES (0)")
    op.create_table(
        "glances",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("found_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scope", "what"),
    )


def _newest() -> None:
    commented: sa.ColumnClause[bool] = sa.column("commented")
    op.create_index(
        "ix_responses_newest_comments",
        "responses",
        ["captured_ms", "id"],
        sqlite_where=commented,
        postgresql_where=commented,
    )
    op.create_index("ix_contacts_newest", "contacts", ["captured_ms", "id"])
