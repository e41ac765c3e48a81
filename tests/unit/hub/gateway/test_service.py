"""The door when what is behind it fails, or has changed."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from cast import Body, payload_of
from gateway_place import serving
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.hub.gateway import bodies, forecast, service
from hifadhi.hub.gateway.reception import Posted
from hifadhi.hub.gateway.service import Gateway
from hifadhi.stream.topics import DIRECTORY, PARTS, SUBMISSIONS
from hub_client import Answer, HubClient
from registry_place import DEADLINE_S, Place

MZ = "MZ-INAR"


async def until(post: Callable[[], Awaitable[Answer]], status: int) -> Answer:
    """The first answer with the status."""
    async with asyncio.timeout(DEADLINE_S):
        while (answer := await post()).status != status:
            await asyncio.sleep(0.02)
        return answer


async def test_nothing_is_taken_while_the_registry_is_behind_and_everything_once_it_is_not(place: Place) -> None:
    async with serving(place) as hub:
        assert (await hub.post(place.cast.encounter(MZ))).status == 202
        place.cast.clock.wait(minutes=1)
        answer = await until(lambda: hub.post(place.cast.encounter(MZ)), 503)
        assert (answer.body["code"], answer.headers["Retry-After"]) == ("OVERLOADED", "5")
        end = await place.stream.end(SUBMISSIONS)
        lines = await hub.post_lines([place.cast.encounter(MZ), b"{", place.cast.encounter(MZ)])
        assert [line["code"] for line in lines[:-1]] == ["OVERLOADED"] * 3
        assert await place.stream.end(SUBMISSIONS) == end
        async with place.running():
            await place.ruled()
        await until(lambda: hub.post(place.cast.encounter(MZ)), 202)


@pytest.mark.parametrize("topic", [PARTS, SUBMISSIONS])
async def test_what_may_not_have_been_stored_gets_no_receipt_and_may_be_sent_again(place: Place, topic: str) -> None:
    async with serving(place) as hub:
        body = place.cast.encounter(MZ)
        place.stream.broken = topic
        answer = await hub.post(body)
        assert (answer.status, answer.body["code"]) == (503, "OUTCOME_UNKNOWN")
        assert "evidence" not in answer.body
        assert int(answer.headers["Retry-After"]) >= 1
        lines = await hub.post_lines([body, b"{", body])
        assert [line["status"] for line in lines[:-1]] == [503, 400, 503]
        place.stream.broken = ""
        assert (await hub.post(body)).status == 202


async def test_what_could_not_be_stored_is_no_longer_on_its_way(place: Place) -> None:
    async with serving(place) as hub:
        body = place.cast.encounter(MZ)
        place.stream.broken = PARTS
        async with asyncio.timeout(DEADLINE_S):
            for _ in range(4):  # as much as may be on its way at once, and more
                assert {line["status"] for line in (await hub.post_lines([body] * 500))[:-1]} == {503}
        place.stream.broken = ""
        await until(lambda: hub.post(body), 202)


async def test_those_who_wait_for_the_directory_find_no_more_room_than_there_is(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting, known, checked = asyncio.Semaphore(0), asyncio.Event(), Gateway._checked  # noqa: SLF001 (held up below)

    async def late(gateway: Gateway, raw: bytes, arrived: float) -> Posted:
        waiting.release()
        await known.wait()
        return await checked(gateway, raw, arrived)

    monkeypatch.setattr(forecast, "FIRST_RATE", 1.0)  # room for seven
    monkeypatch.setattr(Gateway, "_checked", late)
    async with serving(place) as hub, asyncio.timeout(DEADLINE_S):
        posts = [asyncio.create_task(hub.post(place.cast.encounter(MZ))) for _ in range(20)]
        for _ in posts:
            await waiting.acquire()
        known.set()
        statuses = [(await post).status for post in posts]
    assert set(statuses) == {202, 503}
    assert statuses.count(202) <= 8


async def test_a_revoked_key_is_refused_once_the_directory_has_been_read(place: Place) -> None:
    cast, player = place.cast, place.cast.players[MZ]
    async with serving(place) as hub:
        assert (await hub.post(cast.encounter(MZ))).status == 202
        revoked = cast.statement("key.revoked", player.identity, sender=MZ, agency=MZ, kid=player.sign.kid)
        assert (await hub.post(revoked)).status == 202
        async with place.running():
            await place.ruled()
        answer = await until(lambda: hub.post(cast.encounter(MZ)), 403)
        assert answer.body["code"] == "KEY_NOT_VALID"


async def test_a_key_added_a_moment_ago_is_known_at_once(place: Place) -> None:
    cast, player, key = place.cast, place.cast.players[MZ], PrivateJwk.generate("Ed25519")
    async with serving(place) as hub:
        added = cast.statement("key.added", player.identity, sender=MZ, agency=MZ, use="sign", key=key.public.as_dict())
        assert (await hub.post(added)).status == 202
        async with place.running():
            await place.ruled()
        good = cast.encounter(MZ)
        assert (await hub.post(cast.signed(payload_of(good), [key], good["parts"]))).status == 202


async def test_no_refusal_is_signed_for_a_key_while_the_directory_cannot_be_read(place: Place) -> None:
    async with serving(place) as hub:
        place.stream.unreadable = DIRECTORY
        answers = await asyncio.gather(*(hub.post(stranger(place)) for _ in range(2)))
        assert [answer.status for answer in answers] == [503, 503]


async def test_a_batch_of_unknown_keys_looks_at_the_directory_once(place: Place) -> None:
    async with serving(place) as hub, asyncio.timeout(4):
        lines = await hub.post_lines([stranger(place) for _ in range(30)])
        assert {line["code"] for line in lines[:-1]} == {"KEY_UNKNOWN"}


async def test_a_body_that_does_not_come_is_refused_in_time(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "DEADLINE_S", 0.1)
    async with serving(place) as hub:
        host, port = hub.base_url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = (
            f"POST /v1/messages HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
        )
        writer.write(head.encode() + b"{")
        assert b" 408 " in await reader.readline()
        writer.close()
        await writer.wait_closed()


def stranger(place: Place) -> Body:
    good = place.cast.encounter(MZ)
    return place.cast.signed(payload_of(good), [PrivateJwk.generate("Ed25519")], good["parts"])


BROKEN = gzip.compress(b"{}" * 99, mtime=0)[:-20] + b"x" * 20


@pytest.mark.parametrize("raw", [b"no gzip at all", BROKEN], ids=["no gzip", "broken gzip"])
async def test_a_body_that_does_not_unpack_is_refused_with_a_problem(place: Place, raw: bytes) -> None:
    async with serving(place) as hub:
        answer = await hub.post_raw(raw, **{"Content-Encoding": "gzip"})
        assert (answer.status, answer.body["code"]) == (400, "BAD_ENCODING")


async def test_no_more_batches_are_held_at_once_than_memory_is_meant_for(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_BATCHES", 1)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> AsyncIterator[bytes]:
        yield b"{}\n"
        begun.set()
        await go_on.wait()

    async def held(hub: HubClient) -> int:
        headers = {"Content-Type": "application/x-ndjson"}
        async with hub.session.post("/v1/messages", data=slow(), headers=headers) as response:
            return response.status

    async def one_more() -> Answer:
        return await hub.post_raw(b"\n" * 600, "application/x-ndjson")  # 413 as long as there is room

    async with serving(place) as hub:
        first = asyncio.create_task(held(hub))
        await begun.wait()
        assert (await until(one_more, 503)).body["code"] == "OVERLOADED"
        go_on.set()
        assert await first == 200
        assert (await one_more()).status == 413
