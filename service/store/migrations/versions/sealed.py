"""Encrypted rows: sign-ins under way and sessions of the SMART app."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "sealed"
down_revision = "feedback"


def upgrade() -> None:
    """The table of encrypted rows."""
    op.create_table(
        "sealed_row",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_sealed_row"),
    )
    op.create_index("ix_sealed_row_expires", "sealed_row", ["expires"])


def downgrade() -> None:
    """Without it."""
    op.drop_table("sealed_row")
