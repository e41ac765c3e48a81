"""Delivery's rows. All but its outboxes and what was erased can be made again from the topics, from index 0 on."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, false, text

from hifadhi.store.metadata import METADATA

# position: the next to read of this partition. size: of `record` only, the leaves followed so far, which is the next
# index; a leaf may stand twice in the topic, so the two differ.
progress = Table(
    "delivery_progress",
    METADATA,
    Column("topic", String(32), primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
)
# digest: SHA-256 of `sealed`, base64url. sealed: the JWE's bytes, NULL once erased.
parts = Table(
    "delivery_parts",
    METADATA,
    Column("digest", String(43), primary_key=True),
    Column("sealed", LargeBinary),
)
# An erased part, for ever: it survives a rebuild. order_index: the leaf of its order; message_index: of its message;
# readers: its sender first (an earlier release tells their topics); told: its tombstone is in `parts`; again: how often
# the part has come since; reissued: the topics of agencies have its tombstone, and before it, once more, what named it.
erased = Table(
    "delivery_erased",
    METADATA,
    Column("digest", String(43), primary_key=True),
    Column("order_index", BigInteger, nullable=False),
    Column("message_index", BigInteger, nullable=False),
    Column("readers", JSON, nullable=False),
    Column("told", Boolean, nullable=False),
    Column("again", BigInteger, nullable=False, server_default=text("0")),  # a release that knows none inserts too
    Column("reissued", Boolean, nullable=False, server_default=false()),  # as above
)
Index(
    "ix_delivery_erased_untold",
    erased.c.digest,
    sqlite_where=text("told = 0"),
    postgresql_where=text("NOT told"),
)
Index(
    "ix_delivery_erased_unreissued",
    erased.c.digest,
    sqlite_where=text("reissued = 0"),
    postgresql_where=text("NOT reissued"),
)
leaves = Table(
    "delivery_leaves",
    METADATA,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("is_statement", Boolean, nullable=False),
)
# SQLite uses a partial index only for a condition in the very words of the query, and there they are `= 1`, `= 0`.
Index(
    "ix_delivery_leaves_statement",
    leaves.c.leaf_index,
    sqlite_where=text("is_statement = 1"),
    postgresql_where=text("is_statement"),
)
# One row for each message id, that of the first leaf with it.
messages = Table(
    "delivery_messages",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("leaf_index", BigInteger, nullable=False, unique=True),
    Column("digest", String(43), nullable=False),
    Column("ruling", String(16), nullable=False),
    Column("code", String(48)),
)
# When an agency first answered a message: stored_at of its first recorded one in reply to it, or within the referral.
answers = Table(
    "delivery_answers",
    METADATA,
    Column("message", String(36), primary_key=True),
    Column("agency", String(32), primary_key=True),
    Column("stored_at", String(24), nullable=False),
)
cases = Table(
    "delivery_cases",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("head", LargeBinary, nullable=False),
    Column("leaf_index", BigInteger, nullable=False),
)
# parts: name to digest, of those that this agency may read. size: bytes of the item, so that a page can be bounded
# before anything is loaded.
inbox = Table(
    "delivery_inbox",
    METADATA,
    Column("agency", String(32), primary_key=True),
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("role", String(16), nullable=False),
    Column("parts", JSON, nullable=False),
    Column("size", BigInteger, nullable=False),
)
Index("ix_delivery_inbox_leaf", inbox.c.leaf_index)
# Which leaves have items that name a part: its message's, and whatever other message names its digest. A release that
# knows none follows leaves without.
naming = Table(
    "delivery_naming",
    METADATA,
    Column("digest", String(43), primary_key=True),
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)
# An item that its agency has fetched, `at` an instant; it survives a rebuild. published: it stands in `deliveries`.
handovers = Table(
    "delivery_handovers",
    METADATA,
    Column("agency", String(32), primary_key=True),
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String(24), nullable=False),
    Column("published", Boolean, nullable=False),
)
Index("ix_delivery_handovers_leaf", handovers.c.leaf_index)
Index(
    "ix_delivery_handovers_unpublished",
    handovers.c.leaf_index,
    sqlite_where=text("published = 0"),
    postgresql_where=text("NOT published"),
)
# published: the highest index of the agency's inbox that is in its topic, -1 for none; it survives a rebuild.
inbox_topics = Table(
    "delivery_inbox_topics",
    METADATA,
    Column("agency", String(32), primary_key=True),
    Column("published", BigInteger, nullable=False),
)

REBUILT: Final = (progress, parts, leaves, messages, answers, cases, inbox, naming)
"""What is emptied to begin again at index 0."""
