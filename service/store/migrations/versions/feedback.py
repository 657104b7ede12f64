"""What became of cards."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "feedback"
down_revision = "replay"


def upgrade() -> None:
    """The tables of outcomes and of the suggestions followed."""
    serial = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    time = sa.DateTime(timezone=True)
    op.create_table(
        "feedback",
        sa.Column("id", serial, nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("card", sa.String(36), nullable=False),
        sa.Column("outcome", sa.String(10), nullable=False),
        sa.Column("reason_system", sa.Text(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=True),
        sa.Column("commented", sa.Boolean(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=True),
        sa.Column("outcome_at", time, nullable=False),
        sa.Column("received_at", time, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feedback"),
        sa.UniqueConstraint("digest", name="uq_feedback_digest"),
    )
    op.create_index("ix_feedback_card", "feedback", ["card"])
    op.create_index("ix_feedback_received_at", "feedback", ["received_at"])
    op.create_table(
        "accepted_suggestion",
        sa.Column("feedback_id", serial, nullable=False),
        sa.Column("suggestion", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("feedback_id", "suggestion", name="pk_accepted_suggestion"),
        sa.ForeignKeyConstraint(
            ["feedback_id"], ["feedback.id"], name="fk_accepted_suggestion_feedback_id", ondelete="CASCADE"
        ),
    )


def downgrade() -> None:
    """Without them."""
    op.drop_table("accepted_suggestion")
    op.drop_table("feedback")
