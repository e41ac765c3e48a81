"""Registry."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Revisions only add (`README.md`)."""
    _registry_cases()
    _registry_clocks()
    _registry_dead_letters()
    _registry_leaves()
    _registry_messages()
    _registry_state()
    _registry_tiles()


def _registry_cases() -> None:
    op.create_table(
        "registry_cases",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_cases")),
    )


def _registry_clocks() -> None:
    op.create_table(
        "registry_clocks",
        sa.Column("case", sa.String(length=36), nullable=False),
        sa.Column("subject", sa.String(length=36), nullable=False),
        sa.Column("clock", sa.String(length=32), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("case", "subject", "clock", name=op.f("pk_registry_clocks")),
    )
    op.create_index("ix_registry_clocks_due", "registry_clocks", ["due", "case", "subject", "clock"], unique=False)


def _registry_dead_letters() -> None:
    op.create_table(
        "registry_dead_letters",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_registry_dead_letters")),
    )


def _registry_leaves() -> None:
    op.create_table(
        "registry_leaves",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("is_statement", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_registry_leaves")),
    )
    op.create_index(
        "ix_registry_leaves_statement",
        "registry_leaves",
        ["leaf_index"],
        unique=False,
        sqlite_where=sa.text("is_statement = 1"),
        postgresql_where=sa.text("is_statement"),
    )


def _registry_messages() -> None:
    op.create_table(
        "registry_messages",
        sa.Column("id", sa.String(length=43), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=43), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("sender", sa.String(length=32), nullable=False),
        sa.Column("addressees", sa.Text(), nullable=False),
        sa.Column("case", sa.String(length=36), nullable=False),
        sa.Column("recorded", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_messages")),
    )


def _registry_state() -> None:
    op.create_table(
        "registry_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.Column("edge", sa.LargeBinary(), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint_size", sa.BigInteger(), nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_state")),
    )


def _registry_tiles() -> None:
    op.create_table(
        "registry_tiles",
        sa.Column("level", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tile_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "tile_index", name=op.f("pk_registry_tiles")),
    )
