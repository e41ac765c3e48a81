"""The console's rows. All of them can be made again from the topics, beginning at index 0."""

from typing import Final

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, LargeBinary, String, Table, Text

from hifadhi.store.metadata import METADATA

# position: next to read of the topic. size: of `record` only, the leaves followed so far, which is the next index.
progress = Table(
    "console_progress",
    METADATA,
    Column("topic", String(32), primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
)
# One row a leaf: what its ruling and its header say. leaf_hash: SHA-256 of its bytes, by which a repeat is known.
# type: the message's, `lapse:` and the clock, or `unreadable`. case, referral: those that it concerns, where there are.
entries = Table(
    "console_entries",
    METADATA,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf_hash", LargeBinary(32), nullable=False),
    Column("stored_at", String(24), nullable=False),
    Column("type", String(64), nullable=False),
    Column("sender", String(32), nullable=False),
    Column("addressees", JSON, nullable=False),
    Column("ruling", String(16), nullable=False),
    Column("code", String(48)),
    Column("irregular", Boolean, nullable=False),
    Column("case", String(36)),
    Column("referral", String(36)),
)
# One row for each message id, that of the first leaf with it: what later messages may ask of it.
messages = Table(
    "console_messages",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("leaf_index", BigInteger, nullable=False),
    Column("digest", String(43), nullable=False),
)
statements = Table(
    "console_statements",
    METADATA,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf", LargeBinary, nullable=False),
)
cases = Table(
    "console_cases",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("head", LargeBinary, nullable=False),
    Column("responsible", String(32)),
)
# due: of the running clock, ms. answer_due: when the answer was or is owed, ms; NULL once it has come or may not come.
referrals = Table(
    "console_referrals",
    METADATA,
    Column("id", String(36), primary_key=True),
    Column("case", String(36), nullable=False),
    Column("sender", String(32), nullable=False),
    Column("receiver", String(32), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("state", String(24), nullable=False),
    Column("clock", String(32)),
    Column("due", BigInteger),
    Column("answer_due", BigInteger),
)
_runs, _owed = referrals.c.due.is_not(None), referrals.c.answer_due.is_not(None)
Index("ix_console_referrals_due", referrals.c.due, referrals.c.id, sqlite_where=_runs, postgresql_where=_runs)
Index("ix_console_referrals_owed", referrals.c.answer_due, referrals.c.id, sqlite_where=_owed, postgresql_where=_owed)
# responsible: NULL while the case is closed.
# A line of a story. concerns: the referral; or the case, where no referral is concerned, or where it was opened or
# responsibility moved (`moves`), which every referral's timeline shows too.
timeline = Table(
    "console_timeline",
    METADATA,
    Column("concerns", String(36), primary_key=True),
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("moves", Boolean, nullable=False),
    Column("words", Text, nullable=False),
    Column("state", String(24)),
    Column("responsible", String(32)),
    Column("clock", String(32)),
    Column("due", BigInteger),
)
# An agency that has not fetched an entry yet; gone once it has.
unfetched = Table(
    "console_unfetched",
    METADATA,
    Column("leaf_index", BigInteger, primary_key=True, autoincrement=False),
    Column("agency", String(32), primary_key=True),
)
# position: in `submissions`. The bytes stay in the topic: nobody knows what is in them.
dead_letters = Table(
    "console_dead_letters",
    METADATA,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("cause", String(64), nullable=False),
    Column("found_at", BigInteger, nullable=False),
)

ALL: Final = (progress, entries, messages, statements, cases, referrals, timeline, unfetched, dead_letters)
