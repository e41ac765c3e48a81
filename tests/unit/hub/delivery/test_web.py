"""What agencies ask, with their tokens, while the service runs."""

import asyncio
from hashlib import sha256
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Table, delete, select

from delivery_place import Place, eventually
from hifadhi.evidence import b64u
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519
from hifadhi.hub.delivery import handovers, inbox, progress, tables
from hifadhi.hub.delivery.handovers import Outbox
from hifadhi.hub.delivery.waiters import Waiters
from hifadhi.stream.topics import DELIVERIES


def story(place: Place) -> tuple[str, str]:
    case = place.ledger.open_case()
    return case, place.ledger.request(case)


async def test_a_long_poll_is_woken_by_what_arrives(place: Place) -> None:
    async with place.serving() as served:
        await served.caught_up()
        waiting = asyncio.create_task(served.get("ZA-DHA", "/v1/inbox", after=3, wait=30))
        empty = await served.get("ZA-DHA", "/v1/inbox", after=3)
        assert empty == {"data": [], "after": 3, "done": True}
        story(place)
        await place.publish()
        async with asyncio.timeout(5):
            answer = await waiting

    assert [item["role"] for item in answer["data"]] == ["addressee"]
    assert b64u.decode(answer["data"][0]["leaf"]) == place.ledger.leaves[-1].leaf.to_bytes()


async def test_a_wait_ends_when_its_time_is_over(place: Place) -> None:
    async with place.serving() as served:
        await served.caught_up()
        assert (await served.get("ZA-DHA", "/v1/inbox", after=3, wait=1))["data"] == []


async def test_stopping_answers_who_waits(place: Place) -> None:
    async with place.serving() as served:
        await served.caught_up()
        waiting = asyncio.create_task(served.get("ZA-DHA", "/v1/inbox", after=3, wait=30))
        await eventually(lambda: _has_waiter(served.delivery._waiters))  # noqa: SLF001 (nothing else tells)
        async with asyncio.timeout(5):
            await served.delivery.stop()
            assert (await waiting)["data"] == []
        await served.delivery.stop()


async def _has_waiter(waiters: Waiters) -> bool:
    return waiters.count > 0


async def test_what_an_agency_has_is_on_disk_before_it_gets_more(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go = asyncio.Event(), asyncio.Event()
    note = handovers.note

    async def slow(*asked: Any) -> bool:
        begun.set()
        await go.wait()
        return await note(*asked)

    monkeypatch.setattr(handovers, "note", slow)
    story(place)
    async with place.serving() as served:
        await served.caught_up()
        first = asyncio.create_task(served.get("ZA-DHA", "/v1/inbox", after=4))
        await begun.wait()
        assert not (await asyncio.wait([first], timeout=0.1))[0]
        go.set()
        await first
        async with place.store.read() as db:
            noted = (await db.execute(select(tables.handovers.c.leaf_index))).scalars().all()
    assert noted == [3]


@pytest.mark.parametrize("table", [tables.leaves, tables.parts])
async def test_a_page_ends_before_what_is_just_being_emptied(place: Place, table: Table) -> None:
    """Everything is emptied at once, while a page is put together of several questions."""
    for _ in range(2):
        story(place)
    async with place.serving() as served:
        await served.caught_up()
        whole = await served.get("ZA-DHA", "/v1/inbox")
        second = whole["data"][1]
        digest = sha256(second["parts"]["content"].encode()).digest()
        gone = {
            tables.leaves: tables.leaves.c.leaf_index == second["index"],
            tables.parts: tables.parts.c.digest == b64u.encode(digest),
        }
        async with place.store.write() as db:
            await db.execute(delete(table).where(gone[table]))
        page = await served.get("ZA-DHA", "/v1/inbox")
    assert page == {"data": whole["data"][:1], "after": whole["data"][0]["index"], "done": False}


async def test_beyond_the_bound_a_waiter_is_told_when_to_come_back(place: Place) -> None:
    async with place.serving(Waiters(most=1)) as served:
        await served.caught_up()
        waiting = asyncio.create_task(served.get("ZA-DHA", "/v1/inbox", after=3, wait=30))
        await eventually(lambda: _has_waiter(served.delivery._waiters))  # noqa: SLF001 (as above)
        status, problem = await served.ask("MZ-INAR", "/v1/inbox", after=1, wait=30)
        assert (status, problem["code"]) == (503, "OVERLOADED")
        assert await served.get("MZ-INAR", "/v1/inbox", after=1) == {"data": [], "after": 1, "done": True}
        story(place)
        await place.publish()
        await waiting


async def test_pages_follow_each_other_without_gap_or_double(place: Place) -> None:
    for _ in range(4):
        story(place)
    async with place.serving() as served:
        await served.caught_up()
        whole = await served.get("MZ-INAR", "/v1/inbox", limit=500)
        got: list[Any] = []
        page: dict[str, Any] = {"after": -1, "done": False}
        while not page["done"]:
            page = await served.get("MZ-INAR", "/v1/inbox", after=page["after"], limit=2)
            assert len(page["data"]) <= 2
            got += page["data"]

    assert whole["done"]
    assert got == whole["data"]
    assert all(a["index"] < b["index"] for a, b in pairwise(got))


async def test_a_page_is_bounded_in_bytes_and_holds_one_item_at_least(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    story(place)
    monkeypatch.setattr(inbox, "MAX_BYTES", 10)
    async with place.serving() as served:
        await served.caught_up()
        first = await served.get("MZ-INAR", "/v1/inbox")
        second = await served.get("MZ-INAR", "/v1/inbox", after=first["after"])

    assert [len(page["data"]) for page in (first, second)] == [1, 1]
    assert not first["done"]
    assert second["after"] > first["after"]


async def test_coming_back_acknowledges_once_and_is_made_known(place: Place) -> None:
    _, referral = story(place)
    index = len(place.ledger.leaves) - 1
    async with place.serving() as served:
        await served.caught_up()
        await served.get("ZA-DHA", "/v1/inbox", after=index - 1)
        before = await served.get("MZ-INAR", f"/v1/messages/{referral}")
        assert before["delivered"] == [{"agency": "INT-STATS"}, {"agency": "ZA-DHA"}]

        await served.get("ZA-DHA", "/v1/inbox", after=index)
        fetched = (await served.get("MZ-INAR", f"/v1/messages/{referral}"))["delivered"]
        assert fetched[1].keys() == {"agency", "at"}
        await served.get("ZA-DHA", "/v1/inbox", after=index)
        assert (await served.get("MZ-INAR", f"/v1/messages/{referral}"))["delivered"] == fetched

        async def known() -> bool:
            return referral in await place.deliveries()

        await eventually(known)
    assert (await place.deliveries())[referral] == {"index": index, "delivered": fetched}


async def test_who_only_looks_has_not_fetched(place: Place) -> None:
    _, referral = story(place)
    index = len(place.ledger.leaves) - 1
    async with place.serving() as served:
        await served.caught_up()
        page = await served.get("ZA-DHA", "/v1/inbox", look=1)
        assert await served.get("ZA-DHA", "/v1/inbox", look=0) == page
        assert (await served.get("ZA-DHA", "/v1/inbox", after=index, look=1))["data"] == []
        told = await served.get("MZ-INAR", f"/v1/messages/{referral}")
    assert told["delivered"] == [{"agency": "INT-STATS"}, {"agency": "ZA-DHA"}]


async def test_fetching_of_another_agency_is_told_with_the_first(place: Place) -> None:
    _, referral = story(place)
    index = len(place.ledger.leaves) - 1
    async with place.serving() as served:
        await served.caught_up()
        for number, agency in enumerate(("ZA-DHA", "INT-STATS"), start=1):
            await served.get(agency, "/v1/inbox", after=index)

            async def known(least: int = number) -> bool:
                told = (await place.deliveries()).get(referral, {"delivered": []})["delivered"]
                return sum("at" in one for one in told) == least

            await eventually(known)


async def test_what_was_noted_and_not_published_is_published_after_a_restart(place: Place) -> None:
    _, referral = story(place)
    await place.follow()
    async with place.store.write() as db:
        row = {"agency": "ZA-DHA", "leaf_index": len(place.ledger.leaves) - 1, "at": "2026-11-23T10:00:00.000Z"}
        await db.execute(tables.handovers.insert(), [{**row, "published": False}])
    for _ in range(2):  # and not again after another
        async with asyncio.timeout(5):
            await Outbox(place.store, place.stream).run_once()
        assert referral in await place.deliveries()
        assert await place.stream.end(DELIVERIES) == 1


async def test_a_rebuild_keeps_what_was_fetched(place: Place) -> None:
    _, referral = story(place)
    async with place.serving() as served:
        await served.caught_up()
        await served.get("ZA-DHA", "/v1/inbox", after=len(place.ledger.leaves) - 1)
        before = await served.get("MZ-INAR", f"/v1/messages/{referral}")
    await progress.start_again(place.store)
    async with place.serving() as served:
        await served.caught_up()
        assert await served.get("MZ-INAR", f"/v1/messages/{referral}") == before
    assert "at" in before["delivered"][1]


async def test_the_status_of_a_message_says_who_answered_when(place: Place) -> None:
    case, referral = story(place)
    place.ledger.tick(5000)
    place.ledger.send("referral.received", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral)
    first = place.ledger.leaves[-1].leaf.ruling.stored_at
    place.ledger.send("referral.declined", "ZA-DHA", ["MZ-INAR"], case=case, referral=referral, seen=1)
    asked = next(sealed for sealed in place.ledger.leaves if sealed.message == referral)
    async with place.serving() as served:
        await served.caught_up()
        status = await served.get("ZA-DHA", f"/v1/messages/{referral}")

    assert status == {
        "id": referral,
        "digest": place.ledger.fold.past[referral].digest,
        "state": "sealed",
        "ruling": "recorded",
        "index": asked.index,
        "delivered": [{"agency": "INT-STATS"}, {"agency": "ZA-DHA", "answered": first}],
    }


async def test_the_status_of_a_refused_message_has_its_code_and_is_its_senders(place: Place) -> None:
    case = place.ledger.open_case()
    refused = place.ledger.request(case, seen=99)
    async with place.serving() as served:
        await served.caught_up()
        status = await served.get("MZ-INAR", f"/v1/messages/{refused}")
        other = await served.ask("ZA-DHA", f"/v1/messages/{refused}")

    assert (status["ruling"], status["code"], status["delivered"]) == ("refused", "STALE_STATE", [])
    assert (other[0], other[1]["code"]) == (404, "NOT_SEALED_YET")


async def test_the_status_of_a_message_is_not_for_a_party_that_it_does_not_name(place: Place) -> None:
    case = place.ledger.open_case()
    elsewhere = place.ledger.send("encounter.reported", "KE-DRS", case=case)
    async with place.serving() as served:
        await served.caught_up()
        assert (await served.ask("MZ-INAR", f"/v1/messages/{elsewhere}"))[0] == 404
        assert (await served.get("KE-DRS", f"/v1/messages/{elsewhere}"))["delivered"][-1] == {"agency": "MZ-INAR"}


async def test_of_a_reused_id_the_status_is_the_first_payloads(place: Place) -> None:
    case = place.ledger.open_case()
    first = len(place.ledger.leaves) - 1
    place.ledger.submit({"id": case, "from": "ZA-DHA"}, place.ledger.keys["ZA-DHA"])
    async with place.serving() as served:
        await served.caught_up()
        assert (await served.get("MZ-INAR", f"/v1/messages/{case}"))["index"] == first
        assert (await served.ask("ZA-DHA", f"/v1/messages/{case}"))[0] == 404


async def test_a_message_may_be_waited_for_until_it_is_sealed(place: Place) -> None:
    async with place.serving() as served:
        await served.caught_up()
        _, referral = story(place)
        early = await served.ask("MZ-INAR", f"/v1/messages/{referral}")
        waiting = asyncio.create_task(served.get("MZ-INAR", f"/v1/messages/{referral}", wait=30))
        await place.publish()
        async with asyncio.timeout(5):
            assert (await waiting)["id"] == referral
    assert (early[0], early[1]["code"]) == (404, "NOT_SEALED_YET")


async def test_of_what_is_not_sealed_it_is_said_in_how_many_leaves_it_is_not(place: Place) -> None:
    """Who has lost a receipt goes by that; while the rows are made again, they are fewer than the ledger's."""
    never = "019e0000-0000-7000-8000-000000000001"
    case, _ = story(place)
    async with place.serving() as served:
        await served.caught_up()
        _, answer = await served.ask("MZ-INAR", f"/v1/messages/{never}")
        await progress.start_again(place.store)
        _, again = await served.ask("MZ-INAR", f"/v1/messages/{case}")
    assert (answer["code"], answer["followed"]) == ("NOT_SEALED_YET", len(place.ledger.leaves))
    assert (again["code"], again["followed"]) == ("NOT_SEALED_YET", 0)


async def test_a_case_is_shown_to_its_parties_and_unknown_to_all_others(place: Place) -> None:
    case, referral = story(place)
    async with place.serving() as served:
        await served.caught_up()
        shown = await served.get("ZA-DHA", f"/v1/cases/{case}")
        hidden = await served.ask("KE-DRS", f"/v1/cases/{case}")
        unknown = await served.ask("KE-DRS", f"/v1/cases/{referral}")

    head = place.ledger.fold.cases[case]
    asked = {"id": referral, "kind": "responsibility", "urgency": "standard", "sender": "MZ-INAR"}
    assert shown == {
        "case": case,
        "version": head.version,
        "responsible": "MZ-INAR",
        "parties": ["MZ-INAR", "ZA-DHA"],
        "referrals": [{**asked, "receiver": "ZA-DHA", "state": "SENT", "version": 1}],
        "clocks": [
            {"clock": "receipt", "referral": referral, "due": shown["clocks"][0]["due"]},
            {"clock": "stalled", "agency": "MZ-INAR", "due": shown["clocks"][1]["due"]},
        ],
        "closed": False,
        "contested": [],
        "unconfirmed": {},
        "links": {},
        "index": len(place.ledger.leaves) - 1,
    }
    assert hidden == unknown
    assert (hidden[0], hidden[1]["code"]) == (404, "NOT_YOURS")


async def test_without_a_token_that_the_directory_bears_out_nothing_is_told(place: Place) -> None:
    place.ledger.revoke("KE-DRS")
    stranger = place.ledger.token("MZ-INAR", key=PrivateJwk.generate(ED25519))
    elsewhere = place.ledger.token("MZ-INAR", audience="https://elsewhere.example")
    impostor = place.ledger.token("MZ-INAR", key=place.ledger.keys["ZA-DHA"])
    async with place.serving() as served:
        await served.caught_up()
        for token in ("", stranger, elsewhere, impostor, place.ledger.token("KE-DRS")):
            for path in ("/v1/inbox", f"/v1/messages/{place.ledger.next_id()}", f"/v1/cases/{place.ledger.next_id()}"):
                headers = {"Authorization": f"Bearer {token}"} if token else {}
                async with served.client.get(path, headers=headers) as response:
                    assert response.status == 401


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/v1/inbox?wait=31", "/wait"),
        ("/v1/inbox?wait=soon", "/wait"),
        ("/v1/inbox?limit=0", "/limit"),
        ("/v1/inbox?limit=501", "/limit"),
        ("/v1/inbox?after=-2", "/after"),
        ("/v1/inbox?after=99999999999999999999", "/after"),
        ("/v1/inbox?after=1&after=2", "/after"),
        ("/v1/inbox?look=2", "/look"),
        ("/v1/inbox?before=1", ""),
        ("/v1/cases/no-id", "/case"),
        ("/v1/messages/no-id", "/id"),
    ],
)
async def test_a_parameter_that_is_not_one_is_refused_with_its_place(place: Place, path: str, pointer: str) -> None:
    async with place.serving() as served:
        await served.caught_up()
        status, problem = await served.ask("MZ-INAR", path)

    assert (status, problem["code"], problem["errors"][0]["pointer"]) == (400, "SCHEMA", pointer)


async def test_a_false_record_stops_delivery_loudly_and_what_is_there_can_still_be_read(place: Place) -> None:
    story(place)
    async with place.serving() as served:
        await served.caught_up()
        assert served.delivery.trouble is None
        story(place)
        place.ledger.leaves.pop(-2)
        await place.publish()

        async def stopped() -> bool:
            return served.delivery.trouble == "Delivery stands still: TAMPERED."

        await eventually(stopped)
        assert len((await served.get("ZA-DHA", "/v1/inbox"))["data"]) == 2
