"""Tokens that were used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "replay"
down_revision: str | None = None


def upgrade() -> None:
    """The table of used tokens."""
    op.create_table(
        "used_token",
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_used_token"),
    )
    op.create_index("ix_used_token_expires", "used_token", ["expires"])


def downgrade() -> None:
    """Without it."""
    op.drop_table("used_token")
