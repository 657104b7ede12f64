"""Work that one process at a time may do."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "lease"
down_revision = "tenant"


def upgrade() -> None:
    """The table of leases."""
    op.create_table(
        "lease",
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("holder", sa.String(36), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )


def downgrade() -> None:
    """Without it."""
    op.drop_table("lease")
