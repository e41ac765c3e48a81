"""Sending, with the hub, the network and the process failing where it hurts."""

import json
from hashlib import sha256
from typing import Any

import pytest
from aiohttp import web

from hifadhi.agency.client import Client
from hifadhi.agency.composing import compose
from hifadhi.agency.composing.compose import Draft, Message
from hifadhi.agency.composing.signed_file import SignedFile
from hifadhi.agency.directory import governance
from hifadhi.agency.home.journal import Journal, Pending
from hifadhi.agency.wire.exchange import Exchange
from hifadhi.agency.wire.receipt import Receipt, Rejection
from hifadhi.errors import Fault, Refused, Tampered, Unavailable
from hifadhi.evidence import b64u, leaf, promise
from hifadhi.referral import directory_changes
from unit.agency import said
from unit.agency.conftest import ClientOf
from unit.agency.small_hub import SmallHub


def unavailable(_: web.Request) -> web.Response:
    return web.Response(status=503)


def lost(request: web.Request, _: web.Response) -> web.Response:
    """The hub has stored the message; its answer does not arrive."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def sequences(hub: SmallHub, agency: str) -> list[int]:
    """Of what the hub sealed of an agency's signing key, in the ledger's order."""
    own = [header for _, _, header in hub.rows if header and header.sender == agency]
    return [header.sequence for header in own if header.type != "key.added"]


def encounters(count: int) -> list[Draft]:
    return [Draft.of("encounter.reported", {"to": []}, said.encounter()) for _ in range(count)]


async def ready(agency: Client) -> None:
    await agency.refresh_directory()


async def test_a_lost_answer_makes_no_second_message(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as agency:
        await ready(agency)
        hub.after = [lost]
        await said.open_case(agency)
        await said.open_case(agency)
    assert sequences(hub, "MZ-INAR") == [1, 2]
    assert hub.posts[-3] == hub.posts[-2]


async def test_what_could_not_be_posted_is_kept_and_goes_out_first(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as agency:
        await ready(agency)
        hub.before = [unavailable] * 4
        with pytest.raises(Unavailable):
            await said.open_case(agency)
        assert sequences(hub, "MZ-INAR") == []
    async with client("MZ-INAR") as again:
        second = await said.open_case(again)
        assert again.journal.entries.pending == ()
    assert sequences(hub, "MZ-INAR") == [1, 2]
    assert [h.id for _, _, h in hub.rows if h][-1] == second


async def test_kept_messages_can_be_sent_alone(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as agency:
        await ready(agency)
        hub.before = [unavailable] * 4
        with pytest.raises(Unavailable):
            await said.open_case(agency)
    async with client("MZ-INAR") as again:
        (kept,) = await again.send_kept()
        assert isinstance(kept, Receipt)
        assert await again.send_kept() == []


@pytest.mark.parametrize("dies_after_posting", [False, True])
async def test_a_process_that_dies_while_posting_loses_and_doubles_nothing(
    client: ClientOf, hub: SmallHub, monkeypatch: pytest.MonkeyPatch, dies_after_posting: bool
) -> None:
    post = Exchange.post

    async def dies(self: Exchange, message: Message) -> Receipt | Rejection:
        if dies_after_posting:
            await post(self, message)
        raise KeyboardInterrupt

    async with client("MZ-INAR") as agency:
        await ready(agency)
        with monkeypatch.context() as patched:
            patched.setattr(Exchange, "post", dies)
            with pytest.raises(KeyboardInterrupt):
                await said.open_case(agency)
    async with client("MZ-INAR") as again:
        await said.open_case(again)
    assert sequences(hub, "MZ-INAR") == [1, 2]
    assert all(leaf.parse(raw).ruling.ruling == leaf.RECORDED for raw in hub.leaves)


async def test_a_refused_number_is_used_again(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as agency:
        await ready(agency)
        kid = agency.keyring.sign.kid
        held = hub.fold.directory
        hub.fold.directory = directory_changes.evolve(held, _revoked(kid))
        with pytest.raises(Refused) as refused:
            await said.open_case(agency)
        hub.fold.directory = held
        assert refused.value.code == "KEY_NOT_VALID"
        await said.open_case(agency)
    assert sequences(hub, "MZ-INAR") == [1]


def _revoked(kid: str, agency: str = "MZ-INAR") -> Any:
    return compose.header_of(governance.revoked(kid, agency, sender="GOVERNANCE"))


async def test_receipts_and_refusals_are_kept_as_evidence(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as agency:
        case = await said.open_case(agency)
        held = hub.fold.directory
        hub.fold.directory = directory_changes.evolve(held, _revoked(agency.keyring.sign.kid))
        with pytest.raises(Refused):
            await said.open_case(agency)
        lines = (agency.keyring.home / "evidence.jsonl").read_text().splitlines()
    kept = [json.loads(line) for line in lines]
    assert kept[0]["id"] == case
    assert [sorted(line.keys() - {"id", "digest"}) for line in kept] == [["receipt"], ["refusal"]]


async def test_a_client_that_was_killed_while_it_wrote_evidence_writes_it_again_and_loses_none(
    client: ClientOf, hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever in the line: the message is still pending, and its answer is asked for anew."""
    async with client("MZ-INAR") as agency:
        case = await said.open_case(agency)
        path, settle = agency.keyring.home / "evidence.jsonl", Journal.settle
        first = path.read_bytes()
        for cut in (0, 1, 30, 200, -2, -1):

            def killed(*_: object, whole: bytes = path.read_bytes(), cut: int = cut) -> None:
                line = path.read_bytes().removeprefix(whole)
                path.write_bytes(whole + line[:cut])
                raise KeyboardInterrupt

            monkeypatch.setattr(Journal, "settle", killed)
            with pytest.raises(KeyboardInterrupt):
                await said.open_case(agency)
            monkeypatch.setattr(Journal, "settle", settle)
            await agency.send_kept()
            assert agency.journal.entries.pending == ()
    found = promise.read(path.read_bytes(), hub.root.origin)
    assert path.read_bytes().startswith(first) and found[0].id == case
    assert {one.id for one in found} == {h.id for _, _, h in hub.rows if h and h.type == "encounter.reported"}


async def test_a_receipt_of_another_message_stops_everything(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as agency:
        await ready(agency)
        first: list[bytes] = []

        def keep(_: web.Request, response: web.Response) -> web.Response:
            assert isinstance(response.body, bytes)
            first.append(response.body)
            return response

        hub.after = [keep]
        await agency.send("encounter.reported", bodies=said.encounter(), wait_s=0)
        hub.after = [lambda _, __: web.Response(status=202, body=first[0])]
        with pytest.raises(Tampered, match="another message"):
            await said.open_case(agency)
        assert len(agency.journal.entries.pending) == 1


async def test_a_batch_is_numbered_in_order_and_receipted_as_a_whole(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as agency:
        outcomes = await agency.send_batch(encounters(5))
    assert all(isinstance(outcome, Receipt) for outcome in outcomes)
    assert sequences(hub, "MZ-INAR") == [1, 2, 3, 4, 5]


async def test_a_batchs_receipt_is_kept_once_for_all_its_messages(client: ClientOf) -> None:
    async with client("MZ-INAR") as agency:
        outcomes = await agency.send_batch(encounters(5))
        kept = [json.loads(line) for line in (agency.keyring.home / "evidence.jsonl").read_text().splitlines()]
    receipts = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
    assert kept == [{"ids": [receipt.id for receipt in receipts], "receipt": receipts[0].token}]


async def test_the_lines_that_the_hub_did_not_take_are_sent_again(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as agency:
        await ready(agency)
        take, calls = hub.take, 0

        def sometimes(raw: bytes) -> tuple[int, dict[str, Any]]:
            nonlocal calls
            calls += 1
            return (503, {"code": "OVERLOADED"}) if calls in {2, 3, 6} else take(raw)

        hub.take = sometimes  # type: ignore[method-assign]
        outcomes = await agency.send_batch(encounters(4))
    assert all(isinstance(outcome, Receipt) for outcome in outcomes)
    assert sorted(sequences(hub, "MZ-INAR")) == [1, 2, 3, 4]
    assert len(set(hub.posts)) == len(hub.posts)


async def test_a_batch_is_bounded(client: ClientOf) -> None:
    async with client("MZ-INAR") as agency:
        with pytest.raises(Refused, match="TOO_LARGE"):
            await agency.outbox.send_batch([None] * 501)  # type: ignore[list-item]


async def test_two_clients_of_one_home_count_as_one(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as one, client("MZ-INAR") as other:
        for agency in (one, other, one):
            await said.open_case(agency)
    assert sequences(hub, "MZ-INAR") == [1, 2, 3]


CORRIDOR = {"arrangement": "MZ-ZA-2026", "other": "ZA-DHA", "deadlines": [], "observers": [], "legal_bases": []}


@pytest.mark.parametrize("is_written", [False, True])
async def test_a_process_that_dies_while_preparing_leaves_the_message_or_its_number(
    client: ClientOf, hub: SmallHub, monkeypatch: pytest.MonkeyPatch, is_written: bool
) -> None:
    prepare = Journal.prepare

    def dies(self: Journal, one: Pending) -> None:
        if is_written:
            prepare(self, one)
        raise KeyboardInterrupt

    async with client("MZ-INAR") as agency:
        monkeypatch.setattr(Journal, "prepare", dies)
        with pytest.raises(KeyboardInterrupt):
            await agency.prepare(Draft.of("arrangement.published", CORRIDOR, {}))
    async with client("MZ-INAR") as again:
        await said.open_case(again)
    assert len(again.journal.reload().prepared) == is_written
    assert sequences(hub, "MZ-INAR") == [2 if is_written else 1]


@pytest.mark.parametrize("is_posted", [False, True])
async def test_a_process_that_dies_while_posting_what_was_prepared_loses_and_doubles_nothing(
    client: ClientOf, hub: SmallHub, monkeypatch: pytest.MonkeyPatch, is_posted: bool
) -> None:
    post = Exchange.post

    async def dies(self: Exchange, message: Message) -> None:
        if is_posted:
            await post(self, message)
        raise KeyboardInterrupt

    async with client("MZ-INAR") as agency, client("ZA-DHA") as other:
        prepared = await agency.prepare(Draft.of("arrangement.published", CORRIDOR, {}))
        signed = SignedFile.parse(prepared.line).countersigned(other.keyring.sign)
        with monkeypatch.context() as patched:
            patched.setattr(Exchange, "post", dies)
            with pytest.raises(KeyboardInterrupt):
                await agency.send_signed(signed)
    async with client("MZ-INAR") as again:
        await said.open_case(again)
        assert again.journal.entries.prepared == ()
        with pytest.raises(Refused, match="ALREADY_POSTED"):
            await again.send_signed(signed)
    assert sequences(hub, "MZ-INAR") == [1, 2]


async def test_a_prepared_message_that_the_gateway_refuses_keeps_its_number_and_can_be_mended(
    client: ClientOf, hub: SmallHub
) -> None:
    async with client("MZ-INAR") as agency, client("ZA-DHA") as other:
        file = SignedFile.parse((await agency.prepare(Draft.of("arrangement.published", CORRIDOR, {}))).line)
        signed = file.countersigned(other.keyring.sign)
        held = hub.fold.directory
        hub.fold.directory = directory_changes.evolve(held, _revoked(other.keyring.sign.kid, "ZA-DHA"))
        with pytest.raises(Refused) as refused:
            await agency.send_signed(signed)
        assert refused.value.code == "KEY_NOT_VALID"
        hub.fold.directory = held
        await said.open_case(agency)
        assert (await agency.send_signed(signed)).is_recorded
    assert sequences(hub, "MZ-INAR") == [2, 1]


NOT_THE_HUB = [
    web.HTTPForbidden(text="<html>log in</html>"),
    web.HTTPNotFound(text='{"code": "NOT_FOUND", "title": "there is nothing at this address"}'),
    web.HTTPRequestEntityTooLarge(1, 2),
]


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("answer", NOT_THE_HUB, ids=["log in", "another path", "too large for a proxy"])
async def test_what_nobody_signed_refuses_nothing(
    client: ClientOf, hub: SmallHub, answer: web.HTTPException, count: int
) -> None:
    def instead(_: web.Request) -> web.Response:
        return web.Response(status=answer.status, text=answer.text)

    async with client("MZ-INAR") as agency:
        await ready(agency)
        hub.before = [instead, instead]
        with pytest.raises(Unavailable, match="without the exchange's signature") as error:
            await agency.send_batch(encounters(count))
        assert error.value.code == "KEPT"
        with pytest.raises(Unavailable) as error:
            await agency.send_kept()
        assert error.value.code == "BAD_ANSWER"
        assert len(agency.journal.entries.pending) == count
        assert [type(one) for one in await agency.send_kept()] == [Receipt] * count


async def test_a_line_of_a_batch_that_nobody_signed_is_posted_again(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as agency:
        await ready(agency)
        take, first = hub.take, [True]

        def once_unsigned(raw: bytes) -> tuple[int, dict[str, Any]]:
            return (400, {"code": "SCHEMA", "title": "no"}) if first and first.pop() else take(raw)

        hub.take = once_unsigned  # type: ignore[method-assign]
        assert [type(one) for one in await agency.send_batch(encounters(2))] == [Receipt, Receipt]


async def test_a_batch_that_is_refused_as_a_whole_is_by_its_bytes(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as agency:
        await ready(agency)
        bodies: list[bytes] = []

        def too_large(request: web.Request, _: web.Response) -> web.Response:
            bodies.append(request._read_bytes or b"")  # noqa: SLF001 (read by `meddled`)
            refusal = Refused(Fault("TOO_LARGE", "", "too large"))
            digest = b64u.encode(sha256(bodies[-1]).digest())
            return web.json_response(hub.refusal(refusal, digest), status=413)

        hub.after = [too_large]
        outcomes = await agency.send_batch(encounters(2))
        assert [one.refusal.code for one in outcomes if isinstance(one, Rejection)] == ["TOO_LARGE"] * 2
        assert agency.journal.entries.pending == ()
        assert agency.journal.entries.next_numbers(1) == (1,)


async def test_what_was_not_kept_does_not_say_so(client: ClientOf, hub: SmallHub) -> None:
    """Of two messages the first is kept; the second is not numbered, for the first goes out before it."""
    async with client("MZ-INAR") as agency:
        await ready(agency)
        codes = []
        for _ in range(2):
            hub.before = [unavailable] * 4
            with pytest.raises(Unavailable) as error:
                await said.open_case(agency)
            codes.append(error.value.code)
        assert codes == ["KEPT", "UNAVAILABLE"]
        assert len(agency.journal.entries.pending) == 1
