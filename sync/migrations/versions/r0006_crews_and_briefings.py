"""What crews do: jobs, handovers, briefings and their letters."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ONE, _NONE = sa.text("1"), sa.text("0")
_EMPTY, _PLANNED = sa.text("''"), sa.text("'planned'")


def upgrade() -> None:
    _jobs()
    _crews()
    _words()
    _letters()


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id"), nullable=False),
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False, server_default=_EMPTY),
        sa.Column("state", sa.Text(), nullable=False, server_default=_PLANNED),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default=_ONE),
    )
    op.create_index("ix_jobs_location_id_key", "jobs", ["location_id", "key"], unique=True)
    op.create_index("ix_jobs_location_id_day", "jobs", ["location_id", "day"])
    op.create_table(
        "handovers",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("touchpoint_id", sa.Integer(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("response_id", sa.Text()),
        sa.Column("test", sa.Boolean(), nullable=False),
        sa.Column("captured_ms", sa.BigInteger(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("held_ms", sa.BigInteger()),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
    op.create_index("ix_handovers_location_id_day", "handovers", ["location_id", "day"])
    op.create_index("ix_handovers_location_id_job", "handovers", ["location_id", "job"])
    op.create_index("ix_handovers_response_id", "handovers", ["response_id"])
    op.create_table(
        "handed_answers",
        sa.Column("response_id", sa.Text(), primary_key=True),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("captured_ms", sa.BigInteger(), nullable=False),
        sa.Column("quality", sa.Text(), nullable=False),
        sa.Column("first_ms", sa.BigInteger()),
        sa.Column("held_ms", sa.BigInteger()),
        sa.Column("phone", sa.Boolean(), nullable=False),
        sa.Column("test", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_handed_answers_location_id_job", "handed_answers", ["location_id", "job"])
    op.create_index("ix_handed_answers_location_id_day", "handed_answers", ["location_id", "day"])
    op.create_table(
        "signals",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("sign", sa.Text(), nullable=False),
        sa.Column("last_day", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Integer(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("usual", sa.Float(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("found_ms", sa.BigInteger(), nullable=False),
        sa.Column("lifted_ms", sa.BigInteger()),
        sa.Column("lifted_by", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.PrimaryKeyConstraint("location_id", "sign", "last_day"),
    )


def _crews() -> None:
    op.create_table(
        "crew_links",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id"), nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False, unique=True),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_ms", sa.BigInteger()),
    )
    op.create_index("ix_crew_links_location_id", "crew_links", ["location_id"])
    op.create_table(
        "crew_phones",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("link_id", sa.Integer(), sa.ForeignKey("crew_links.id"), nullable=False),
        sa.Column("key_hash", sa.Text(), nullable=False, unique=True),
        sa.Column("agent", sa.Text(), nullable=False, server_default=_EMPTY),
        sa.Column("pressed_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("revoked_ms", sa.BigInteger()),
    )
    op.create_index("ix_crew_phones_link_id", "crew_phones", ["link_id"])
    op.create_table(
        "crew_notes",
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id"), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False, server_default=_ONE),
        sa.PrimaryKeyConstraint("location_id", "day"),
    )


def _words() -> None:
    op.create_table(
        "told",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("told_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("location_id", "day"),
    )
    op.create_table(
        "told_answers",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.Text(), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("told_day", sa.Integer(), nullable=False),
        sa.Column("label", sa.Integer(), nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("location_id", "response_id"),
    )
    op.create_table(
        "told_days",
        sa.Column("location_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("wordless", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("location_id", "day"),
    )
    op.create_index("ix_told_answers_location_id_told_day", "told_answers", ["location_id", "told_day"])


def _letters() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cadence", sa.Text(), nullable=False),
        sa.Column("location_id", sa.Integer(), sa.ForeignKey("locations.id")),
        sa.Column("address", sa.Text(), nullable=False, server_default=_EMPTY),
        sa.Column("user_id", sa.Integer(), sa.ForeignKey("users.id")),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("leave_hash", sa.Text(), nullable=False, unique=True),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("next_day", sa.Integer(), nullable=False),
        sa.Column("stopped_ms", sa.BigInteger()),
        sa.Column("stopped_why", sa.Text()),
        sa.Column("version", sa.Integer(), nullable=False, server_default=_ONE),
    )
    op.create_index("ix_subscriptions_location_id", "subscriptions", ["location_id"])
    op.create_index("ix_subscriptions_user_id", "subscriptions", ["user_id"])
    op.create_index("ix_subscriptions_next_day", "subscriptions", ["next_day"])
    op.create_table(
        "mailings",
        sa.Column("subscription_id", sa.Integer(), sa.ForeignKey("subscriptions.id"), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("claimed_ms", sa.BigInteger(), nullable=False),
        sa.Column("claimed_by", sa.Text(), nullable=False, server_default=_EMPTY),
        sa.Column("tries", sa.Integer(), nullable=False, server_default=_NONE),
        sa.Column("next_ms", sa.BigInteger()),
        sa.Column("done_ms", sa.BigInteger()),
        sa.Column("why", sa.Text(), nullable=False, server_default=_EMPTY),
        sa.PrimaryKeyConstraint("subscription_id", "day"),
    )
    op.create_index("ix_mailings_state_next_ms", "mailings", ["state", "next_ms"])
