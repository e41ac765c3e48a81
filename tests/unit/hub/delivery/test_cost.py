"""A request costs the same however long the record is: every statement finds its rows by an index."""

from typing import Any

from sqlalchemy import Engine, event

from delivery_place import Place
from hifadhi.hub.delivery import cases, handovers, inbox, messages
from hifadhi.hub.delivery.handovers import Outbox
from hifadhi.hub.delivery.inbox_topics import InboxTopics
from hifadhi.hub.delivery.reissue import Reissues
from unit.hub.delivery.test_erasures import content_of, erase

OUTBOXES = ("ix_delivery_handovers_unpublished", "ix_delivery_erased_unreissued")


async def test_no_statement_scans_a_table(place: Place) -> None:
    case = place.ledger.open_case()
    referral = place.ledger.request(case)
    erase(place.ledger, case, referral, content_of(place.ledger, referral))
    follower = await place.follow()
    said: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_more: object) -> None:
        if statement.startswith("SELECT"):
            said.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        async with place.store.read() as db:
            await inbox.page(db, "ZA-DHA", after=1, limit=100)
            await messages.status(db, referral, "ZA-DHA")
            await cases.view(db, case, "ZA-DHA", follower.directory)
        await handovers.note(place.store, "ZA-DHA", 100, "2026-11-23T10:00:00.000Z")
        await Outbox(place.store, place.stream).run_once()
        await InboxTopics(place.store, place.stream, lambda: follower.directory.agencies).run_once()
        await Reissues(place.store, place.stream).run_once()
    finally:
        event.remove(Engine, "before_cursor_execute", note)

    assert len(said) > 15
    async with place.store.read() as db:
        for statement, parameters in said:
            plan = [row.detail for row in await db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            # The index of an outbox holds what is not told yet, and nothing else.
            scans = [step for step in plan if step.startswith("SCAN delivery_") and not step.endswith(OUTBOXES)]
            assert scans == [], statement
