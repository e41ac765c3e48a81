"""The console's questions to its rows. Each costs the same however long the record is."""

from typing import Any, Final, NamedTuple

from sqlalchemy import Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.hub.console import progress, tables
from hifadhi.hub.console.listing import Cells, Listing
from hifadhi.hub.console.tables import cases, entries, messages, referrals, timeline, unfetched
from hifadhi.hub.problem_codes import CODES
from hifadhi.referral import instant
from hifadhi.referral.table import BOUND, REPLY, Side
from hifadhi.stream.topics import RECORD

DEADLINES_PAGE: Final = 25
NEWEST: Final = 20
OVERDUE: Final = 10
TIMELINE_PAGE: Final = 100
COUNTED: Final = 1000
"""Nobody counts further."""

# fmt: off
DEADLINES: Final = (
    "referral", "case", "from", "to", "kind", "urgency", "state", "clock", "owed_by", "due", "responsible",
)
LEDGER: Final = ("index", "stored_at", "type", "from", "to", "ruling", "irregular", "code", "referral")
TIMELINE: Final = (
    "index", "stored_at", "what", "ruling", "irregular", "code", "meaning", "state", "responsible", "clock", "due",
)
# fmt: on


class Cursor(NamedTuple):
    """The last row of a page of deadlines."""

    due: int
    referral: str


async def overview(db: AsyncConnection, now_ms: int, after: Cursor | None) -> dict[str, Any]:
    """All that the first page shows of the rows, as of one moment."""
    late, late_rows = await overdue(db, now_ms)
    dead, newest_dead = await dead_letters(db)
    return {
        "size": (await progress.place(db, RECORD)).size,
        "unfetched": await oldest_unfetched(db),
        "late": late,
        "overdue": late_rows,
        "dead": dead,
        "newest_dead": newest_dead,
        "deadlines": await deadlines(db, after),
        "entries": await newest(db),
        "counted": COUNTED,
    }


async def deadlines(db: AsyncConnection, after: Cursor | None) -> Listing:
    """The running clocks, the next to lapse first."""
    due = referrals.c.due
    wanted = _with_case().where(due.is_not(None)).order_by(due, referrals.c.id)
    if after:
        wanted = wanted.where(due >= after.due, or_(due > after.due, referrals.c.id > after.referral))
    rows = (await db.execute(wanted.limit(DEADLINES_PAGE + 1))).all()
    page = rows[:DEADLINES_PAGE]
    last = f"{page[-1].due}~{page[-1].id}" if len(rows) > len(page) else None
    return Listing(DEADLINES, [_deadline(row, row.clock, row.due) for row in page], last)


async def overdue(db: AsyncConnection, now_ms: int) -> tuple[int, Listing]:
    """How many answers have not come in time, at most `COUNTED`, and those that are the longest overdue."""
    late = (referrals.c.answer_due.is_not(None), referrals.c.answer_due <= now_ms)
    count = await _count(db, select(referrals.c.id).where(*late))
    first = _with_case().where(*late).order_by(referrals.c.answer_due, referrals.c.id).limit(OVERDUE)
    rows = [_deadline(row, REPLY, row.answer_due) for row in await db.execute(first)]
    return count, Listing(DEADLINES, rows)


async def newest(db: AsyncConnection) -> Listing:
    """The ledger's end, the newest entry first."""
    found = await db.execute(select(entries).order_by(entries.c.leaf_index.desc()).limit(NEWEST))
    return Listing(LEDGER, [_entry(row) for row in found])


async def oldest_unfetched(db: AsyncConnection) -> Cells | None:
    """The first entry that an agency has not fetched, as in the ledger's listing, and `agency`."""
    wanted = select(unfetched.c.agency, entries).where(unfetched.c.leaf_index == entries.c.leaf_index)
    first = wanted.order_by(unfetched.c.leaf_index, unfetched.c.agency).limit(1)
    row = (await db.execute(first)).one_or_none()
    return {**_entry(row), "agency": row.agency} if row else None


async def dead_letters(db: AsyncConnection) -> tuple[int, Cells | None]:
    """How many dead letters there are, at most `COUNTED`, and the newest."""
    count = await _count(db, select(tables.dead_letters.c.position))
    last = select(tables.dead_letters).order_by(tables.dead_letters.c.position.desc()).limit(1)
    row = (await db.execute(last)).one_or_none()
    newest_one = row and {"position": row.position, "cause": row.cause, "found_at": instant.write(row.found_at)}
    return count, newest_one or None


async def referral(db: AsyncConnection, referral_id: str) -> Cells | None:
    """What is asked of whom, and where it stands; None if there is no such referral."""
    row = (await db.execute(_with_case().where(referrals.c.id == referral_id))).one_or_none()
    return _deadline(row, row.clock, row.due) if row else None


async def message(db: AsyncConnection, message_id: str) -> Cells | None:
    """The entry of a message, as in the ledger's listing; None if there is no such message."""
    wanted = select(entries).where(messages.c.leaf_index == entries.c.leaf_index, messages.c.id == message_id)
    row = (await db.execute(wanted)).one_or_none()
    return {**_entry(row), "case": row.case} if row else None


async def story(db: AsyncConnection, one: Cells, after: int) -> Listing:
    """The lines that concern a referral, its case's opening and moves of responsibility, behind an index."""
    rows: dict[int, Any] = {}
    for concerns in (one["case"], one["referral"]):  # a line that concerns both is the referral's
        wanted = select(timeline, entries).where(timeline.c.leaf_index == entries.c.leaf_index)
        here = wanted.where(timeline.c.concerns == concerns, timeline.c.leaf_index > after)
        here = here if concerns == one["referral"] else here.where(timeline.c.moves)
        found = await db.execute(here.order_by(timeline.c.leaf_index).limit(TIMELINE_PAGE + 1))
        rows |= {row.leaf_index: row for row in found}
    indexes = sorted(rows)
    page = indexes[:TIMELINE_PAGE]
    last = str(page[-1]) if len(indexes) > len(page) else None
    return Listing(TIMELINE, [line(rows[index], one["referral"]) for index in page], last)


def _with_case() -> Select[Any]:
    return select(referrals, cases.c.responsible).where(referrals.c.case == cases.c.id)


async def _count(db: AsyncConnection, rows: Select[Any]) -> int:
    counted: int = (await db.execute(select(func.count()).select_from(rows.limit(COUNTED).subquery()))).scalar_one()
    return counted


def _deadline(row: Any, clock: str | None, due: int | None) -> Cells:  # noqa: ANN401 (a row)
    bound = (row.sender if BOUND.get(clock or "") is Side.SENDER else row.receiver) if clock else None
    asked = (row.id, row.case, row.sender, row.receiver, row.kind, row.urgency, row.state)
    return dict(zip(DEADLINES, (*asked, clock, bound, written(due), row.responsible), strict=True))


def _entry(row: Any) -> Cells:  # noqa: ANN401 (a row)
    said = (row.leaf_index, row.stored_at, row.type, row.sender, row.addressees)
    return dict(zip(LEDGER, (*said, row.ruling, row.irregular or None, row.code, row.referral), strict=True))


def line(row: Any, referral_id: str | None) -> Cells:  # noqa: ANN401 (a row)
    """A line of a referral's timeline; of its case's, if no referral is given."""
    ruled = (row.ruling, row.irregular or None, row.code, CODES[row.code][0] if row.code in CODES else None)
    ours = referral_id in {None, row.concerns}  # of another's line, state and clock are another's too
    state, clock, due = (row.state, row.clock, written(row.due)) if ours else (None, None, None)
    cells = (row.leaf_index, row.stored_at, row.words, *ruled, state, row.responsible, clock, due)
    return dict(zip(TIMELINE, cells, strict=True))


def written(milliseconds: int | None) -> str | None:
    """An instant in words; None of none."""
    return None if milliseconds is None else instant.write(milliseconds)
