"""Delivery."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Revisions only add (`README.md`)."""
    _delivery_answers()
    _delivery_cases()
    _delivery_erased()
    _delivery_handovers()
    _delivery_inbox()
    _delivery_leaves()
    _delivery_messages()
    _delivery_parts()
    _delivery_progress()


def _delivery_answers() -> None:
    op.create_table(
        "delivery_answers",
        sa.Column("message", sa.String(length=36), nullable=False),
        sa.Column("agency", sa.String(length=32), nullable=False),
        sa.Column("stored_at", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("message", "agency", name=op.f("pk_delivery_answers")),
    )


def _delivery_cases() -> None:
    op.create_table(
        "delivery_cases",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_cases")),
    )


def _delivery_handovers() -> None:
    op.create_table(
        "delivery_handovers",
        sa.Column("agency", sa.String(length=32), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=24), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("agency", "leaf_index", name=op.f("pk_delivery_handovers")),
    )
    op.create_index("ix_delivery_handovers_leaf", "delivery_handovers", ["leaf_index"], unique=False)
    op.create_index(
        "ix_delivery_handovers_unpublished",
        "delivery_handovers",
        ["leaf_index"],
        unique=False,
        sqlite_where=sa.text("published = 0"),
        postgresql_where=sa.text("NOT published"),
    )


def _delivery_erased() -> None:
    op.create_table(
        "delivery_erased",
        sa.Column("digest", sa.String(length=43), nullable=False),
        sa.Column("order_index", sa.BigInteger(), nullable=False),
        sa.Column("message_index", sa.BigInteger(), nullable=False),
        sa.Column("readers", sa.JSON(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_delivery_erased")),
    )
    op.create_index(
        "ix_delivery_erased_untold",
        "delivery_erased",
        ["digest"],
        unique=False,
        sqlite_where=sa.text("told = 0"),
        postgresql_where=sa.text("NOT told"),
    )


def _delivery_inbox() -> None:
    op.create_table(
        "delivery_inbox",
        sa.Column("agency", sa.String(length=32), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("agency", "leaf_index", name=op.f("pk_delivery_inbox")),
    )
    op.create_index("ix_delivery_inbox_leaf", "delivery_inbox", ["leaf_index"], unique=False)


def _delivery_leaves() -> None:
    op.create_table(
        "delivery_leaves",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("is_statement", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_delivery_leaves")),
    )
    op.create_index(
        "ix_delivery_leaves_statement",
        "delivery_leaves",
        ["leaf_index"],
        unique=False,
        sqlite_where=sa.text("is_statement = 1"),
        postgresql_where=sa.text("is_statement"),
    )


def _delivery_messages() -> None:
    op.create_table(
        "delivery_messages",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=43), nullable=False),
        sa.Column("ruling", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=48), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery_messages")),
        sa.UniqueConstraint("leaf_index", name=op.f("uq_delivery_messages_leaf_index")),
    )


def _delivery_parts() -> None:
    op.create_table(
        "delivery_parts",
        sa.Column("digest", sa.String(length=43), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_delivery_parts")),
    )


def _delivery_progress() -> None:
    op.create_table(
        "delivery_progress",
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "partition", name=op.f("pk_delivery_progress")),
    )
