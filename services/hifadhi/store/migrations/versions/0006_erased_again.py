"""Erased again."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Revisions only add (`README.md`)."""
    _delivery_erased()


def _delivery_erased() -> None:
    op.add_column("delivery_erased", sa.Column("again", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
