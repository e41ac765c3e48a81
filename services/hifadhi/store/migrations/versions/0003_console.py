"""Console."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Revisions only add (`README.md`)."""
    _console_cases()
    _console_dead_letters()
    _console_entries()
    _console_messages()
    _console_progress()
    _console_referrals()
    _console_statements()
    _console_timeline()
    _console_unfetched()


def _console_cases() -> None:
    op.create_table(
        "console_cases",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("responsible", sa.String(length=32), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_cases")),
    )


def _console_dead_letters() -> None:
    op.create_table(
        "console_dead_letters",
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cause", sa.String(length=64), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_console_dead_letters")),
    )


def _console_entries() -> None:
    op.create_table(
        "console_entries",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("stored_at", sa.String(length=24), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("sender", sa.String(length=32), nullable=False),
        sa.Column("addressees", sa.JSON(), nullable=False),
        sa.Column("ruling", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=48), nullable=True),
        sa.Column("irregular", sa.Boolean(), nullable=False),
        sa.Column("case", sa.String(length=36), nullable=True),
        sa.Column("referral", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_console_entries")),
    )


def _console_messages() -> None:
    op.create_table(
        "console_messages",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(length=43), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_messages")),
    )


def _console_progress() -> None:
    op.create_table(
        "console_progress",
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", name=op.f("pk_console_progress")),
    )


def _console_referrals() -> None:
    op.create_table(
        "console_referrals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case", sa.String(length=36), nullable=False),
        sa.Column("sender", sa.String(length=32), nullable=False),
        sa.Column("receiver", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("urgency", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("clock", sa.String(length=32), nullable=True),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.Column("answer_due", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_console_referrals")),
    )
    op.create_index(
        "ix_console_referrals_due",
        "console_referrals",
        ["due", "id"],
        unique=False,
        sqlite_where=sa.text("due IS NOT NULL"),
        postgresql_where=sa.text("due IS NOT NULL"),
    )
    op.create_index(
        "ix_console_referrals_owed",
        "console_referrals",
        ["answer_due", "id"],
        unique=False,
        sqlite_where=sa.text("answer_due IS NOT NULL"),
        postgresql_where=sa.text("answer_due IS NOT NULL"),
    )


def _console_statements() -> None:
    op.create_table(
        "console_statements",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", name=op.f("pk_console_statements")),
    )


def _console_timeline() -> None:
    op.create_table(
        "console_timeline",
        sa.Column("concerns", sa.String(length=36), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("moves", sa.Boolean(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=True),
        sa.Column("responsible", sa.String(length=32), nullable=True),
        sa.Column("clock", sa.String(length=32), nullable=True),
        sa.Column("due", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("concerns", "leaf_index", name=op.f("pk_console_timeline")),
    )


def _console_unfetched() -> None:
    op.create_table(
        "console_unfetched",
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("agency", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("leaf_index", "agency", name=op.f("pk_console_unfetched")),
    )
