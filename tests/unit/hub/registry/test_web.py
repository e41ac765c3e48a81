"""The registry's faces: what they show, and to whom."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from hifadhi.errors import Unavailable
from hifadhi.evidence import b64u
from hifadhi.evidence.checkpoint import open_checkpoint
from hifadhi.evidence.ledger_keys import ledger_verifiers
from hifadhi.evidence.tree import leaf_hash, verify_inclusion
from hifadhi.hub.server import application
from hifadhi.stream.topics import DIRECTORY
from registry_place import AUDIENCE, Place


async def get(place: Place, path: str, reader: str | None = None, audience: str = AUDIENCE) -> tuple[int, Any]:
    headers = {"Authorization": place.cast.token(reader, audience)} if reader else {}
    async with (
        TestClient(TestServer(application({"registry": place.registry()}))) as client,
        client.get(path, headers=headers) as answer,
    ):
        return answer.status, await (answer.json() if "json" in answer.content_type else answer.read())


async def test_the_directory_shows_no_statement_before_the_gateway_can_know_it(place: Place) -> None:
    await place.admit()
    await place.seal_only()
    place.stream.broken = DIRECTORY
    with pytest.raises(Unavailable):
        await place.publisher().catch_up()
    assert (await get(place, "/v1/directory"))[1]["data"] == []
    place.stream.broken = ""
    await place.publisher().catch_up()
    assert len((await get(place, "/v1/directory"))[1]["data"]) == 15


async def test_each_statement_is_proven_in_the_one_checkpoint_of_its_page(place: Place) -> None:
    await place.admit()
    await place.submit(*(place.cast.encounter("MZ-INAR") for _ in range(4)))
    async with place.running():
        await place.ruled()
    _, page = await get(place, "/v1/directory?after=11")
    signed = open_checkpoint(page["checkpoint"], place.cast.root.origin, ledger_verifiers(place.cast.root))
    assert ([one["index"] for one in page["data"]], page["after"], page["done"]) == ([12, 13, 14], 14, True)
    for one in page["data"]:
        hashes = [b64u.decode(text) for text in one["proof"]]
        verify_inclusion(leaf_hash(b64u.decode(one["leaf"])), one["index"], signed.size, hashes, signed.root)


@pytest.mark.parametrize(
    "query", ["after=-2", "after=x", "after=", "after=1.0", "after=" + "9" * 17, "after=1&after=2", "befor=1"]
)
async def test_an_odd_place_in_the_directory_is_refused(place: Place, query: str) -> None:
    await place.seal_only()
    await place.publisher().catch_up()
    status, problem = await get(place, f"/v1/directory?{query}")
    assert (status, problem["code"]) == (400, "SCHEMA")


async def test_entries_are_for_auditors_alone(place: Place) -> None:
    await place.admit()
    async with place.running():
        await place.ruled()
    path = "/ledger/tile/entries/000.p/15"
    assert (await get(place, path))[0] == 401
    assert (await get(place, path, "MZ-INAR"))[0] == 403
    assert (await get(place, path, "UNHCR-RO", "https://elsewhere.example"))[0] == 401
    status, bundle = await get(place, path, "UNHCR-RO")
    assert (status, bundle) == (200, (await place.files())["tile/entries/000.p/15"])
    for wider in (
        "/ledger/tile/entries/000",
        "/ledger/tile/0/000",
        "/ledger/tile/0/000.p/16",
        "/ledger/tile/1/000.p/1",
    ):
        assert (await get(place, wider, "UNHCR-RO"))[0] == 404
