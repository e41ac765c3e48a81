"""The registry's rows. `registry_state` is the commit point: one row, swapped by every transaction that seals."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text, text

from hifadhi.store.metadata import METADATA

# position: next to read from submissions. size, edge: the tree. stored_at: the last leaf's, ms. rules: in force.
# published: leaves up to here are in `record`. checkpoint_size, checkpoint: the newest that was signed.
state = Table(
    "registry_state",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("stored_at", BigInteger, nullable=False),
    Column("edge", LargeBinary, nullable=False),
    Column("published", BigInteger, nullable=False),
    Column("checkpoint_size", BigInteger, nullable=False),
    Column("checkpoint", Text, nullable=False),
)
leaves = Table(
    "registry_leaves",
    METADATA,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("key", String(64), nullable=False),
    Column("is_statement", Boolean, nullable=False),
)
Index(
    "ix_registry_leaves_statement",
    leaves.c.leaf_index,
    sqlite_where=text("is_statement = 1"),
    postgresql_where=text("is_statement"),
)
messages = Table(
    "registry_messages",
    METADATA,
    Column("id", String(43), primary_key=True),  # or the digest, of a message that reused an id
    Column("leaf_index", BigInteger, nullable=False),
    Column("digest", String(43), nullable=False),
    Column("type", String(64), nullable=False),
    Column("sender", String(32), nullable=False),
    Column("addressees", Text, nullable=False),
    Column("case", String(36), nullable=False),
    Column("recorded", Boolean, nullable=False),
)
cases = Table(
    "registry_cases",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("head", LargeBinary, nullable=False),
)
clocks = Table(
    "registry_clocks",
    METADATA,
    Column("case", String(36), primary_key=True),
    Column("subject", String(36), primary_key=True),
    Column("clock", String(32), primary_key=True),
    Column("due", BigInteger, nullable=False),
)
Index("ix_registry_clocks_due", clocks.c.due, clocks.c.case, clocks.c.subject, clocks.c.clock)
dead_letters = Table(
    "registry_dead_letters",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("cause", String(64), nullable=False),
    Column("value", LargeBinary, nullable=False),
)
tiles = Table(
    "registry_tiles",
    METADATA,
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("tile_index", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)
# Whose turn it is to seal; see `lease`.
lease = Table(
    "registry_lease",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("holder", String(64), nullable=False),
    Column("beat", BigInteger, nullable=False),
)
