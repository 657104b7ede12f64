"""Runs, records and the snapshot of the trial registry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "trials"
down_revision: str | None = "sealed"


def upgrade() -> None:
    """Three tables."""
    op.create_table(
        "trial_run",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("position", sa.Text(), nullable=False),
        sa.Column("started", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_trial_run"),
    )
    op.create_table(
        "trial_record",
        sa.Column("run", sa.String(36), nullable=False),
        sa.Column("nct_id", sa.String(11), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["trial_run.id"], name="fk_trial_record_run", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run", "nct_id", name="pk_trial_record"),
    )
    op.create_table(
        "trial_snapshot",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("run", sa.String(36), nullable=False),
        sa.Column("studies", sa.Integer(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("taken", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["run"], ["trial_run.id"], name="fk_trial_snapshot_run"),
        sa.PrimaryKeyConstraint("id", name="pk_trial_snapshot"),
    )


def downgrade() -> None:
    """Without them."""
    op.drop_table("trial_snapshot")
    op.drop_table("trial_record")
    op.drop_table("trial_run")
