"""Who called, and what was shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "audit"
down_revision = "trials"


def upgrade() -> None:
    """The tables of calls, cards, and which call showed which."""
    op.create_table(
        "hook_call",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=True),
        sa.Column("hook", sa.Text(), nullable=True),
        sa.Column("hook_instance", sa.String(36), nullable=True),
        sa.Column("user_pseudonym", sa.String(32), nullable=True),
        sa.Column("patient_pseudonym", sa.String(32), nullable=True),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("ms", sa.Float(), nullable=False),
        sa.Column("fetched", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_hook_call"),
    )
    op.create_index("ix_hook_call_at", "hook_call", ["at"])
    op.create_table(
        "card",
        sa.Column("uuid", sa.String(36), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("indicator", sa.Text(), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("uuid", name="pk_card"),
    )
    op.create_table(
        "shown_card",
        sa.Column("call_id", sa.String(32), nullable=False),
        sa.Column("card", sa.String(36), nullable=False),
        sa.Column("quiet", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", "card", name="pk_shown_card"),
        sa.ForeignKeyConstraint(
            ["call_id"], ["hook_call.id"], name="fk_shown_card_call_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["card"], ["card.uuid"], name="fk_shown_card_card"),
    )
    op.create_index("ix_shown_card_card", "shown_card", ["card"])


def downgrade() -> None:
    """Without them."""
    op.drop_table("shown_card")
    op.drop_table("card")
    op.drop_table("hook_call")
