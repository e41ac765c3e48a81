"""Which items name a part, and whether the topics of agencies were told of an erasure."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Revisions only add (`README.md`)."""
    _delivery_naming()
    _delivery_erased()  # last: it locks the table until all is done


def _delivery_naming() -> None:
    op.create_table(
        "delivery_naming",
        sa.Column("digest", sa.String(length=43), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("digest", "leaf_index", name=op.f("pk_delivery_naming")),
        sqlite_with_rowid=False,
    )
    each = "json_each_text" if op.get_bind().dialect.name == "postgresql" else "json_each"
    found = f"SELECT DISTINCT part.value, leaf_index FROM delivery_inbox, {each}(parts) AS part"  # noqa: S608 (ours)
    op.execute(f"INSERT INTO delivery_naming (digest, leaf_index) {found}")


def _delivery_erased() -> None:
    op.add_column("delivery_erased", sa.Column("reissued", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index(
        "ix_delivery_erased_unreissued",
        "delivery_erased",
        ["digest"],
        unique=False,
        sqlite_where=sa.text("reissued = 0"),
        postgresql_where=sa.text("NOT reissued"),
    )
