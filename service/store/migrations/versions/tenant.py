"""Which tenant of an issuer called: ids are unique only within it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "tenant"
down_revision = "audit"


def upgrade() -> None:
    """A column for it beside each issuer."""
    for table in ("feedback", "hook_call"):
        op.add_column(table, sa.Column("tenant", sa.Text(), nullable=True))


def downgrade() -> None:
    """Without it."""
    for table in ("feedback", "hook_call"):
        op.drop_column(table, "tenant")
