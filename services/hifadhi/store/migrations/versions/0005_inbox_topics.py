"""Inbox topics."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Revisions only add (`README.md`)."""
    _delivery_inbox_topics()


def _delivery_inbox_topics() -> None:
    op.create_table(
        "delivery_inbox_topics",
        sa.Column("agency", sa.String(length=32), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agency", name=op.f("pk_delivery_inbox_topics")),
    )
