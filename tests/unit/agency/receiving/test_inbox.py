"""Receiving: what is proved, what is answered, and what holds when the process dies on the way."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web

from hifadhi.agency.client import Client
from hifadhi.agency.composing import compose
from hifadhi.agency.composing.compose import Draft, Sealed
from hifadhi.agency.home.journal import Journal
from hifadhi.agency.receiving.opening import Item
from hifadhi.agency.wire.exchange import Exchange
from hifadhi.errors import Fault, Refused, Tampered, Unavailable
from hifadhi.evidence import b64u, jwe, plaintext, proof, strict_json
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519, P256
from hifadhi.evidence.leaf import LAPSED, Leaf, Ruling
from hifadhi.referral.header import Header
from hifadhi.referral.headers import MessageBounced, ReferralReceived
from unit.agency import said
from unit.agency.conftest import ClientOf
from unit.agency.small_hub import SmallHub, sign_checkpoint

SALT = b"s" * 32


def answers(hub: SmallHub, message_id: str) -> list[Header]:
    """The automatic answers to a message that the hub sealed."""
    headers = [header for _, _, header in hub.rows if header]
    return [h for h in headers if message_id in {getattr(h, "referral", None), getattr(h, "in_reply_to", None)}]


async def asked(sender: Client) -> str:
    return (await said.ask(sender, await said.open_case(sender))).id


def of(items: list[Item], message_id: str) -> Item:
    return next(item for item in items if item.header and item.header.id == message_id)


async def test_a_request_is_answered_once_however_often_it_is_read(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as sender:
        request = await asked(sender)
    for _ in range(2):
        async with client("ZA-DHA") as receiver:
            await receiver.receive_once()
            (receiver.keyring.home / "journal.json").write_bytes(_without_cursor(receiver))
    assert [type(answer) for answer in answers(hub, request)] == [ReferralReceived]


def _without_cursor(receiver: Client) -> bytes:
    kept = json.loads((receiver.keyring.home / "journal.json").read_bytes())
    return json.dumps({**kept, "cursor": -1}).encode()


class _Killed(BaseException):
    """The process ends here, whatever anybody catches."""


def _dies(*_: object, **__: object) -> None:
    raise _Killed


def _dies_after(true: Callable[..., Any]) -> Callable[..., Any]:
    async def does(*args: Any) -> None:
        await true(*args)
        raise _Killed

    return does


def _dies_after_writing(true: Callable[..., Any]) -> Callable[..., Any]:
    def does(*args: Any) -> None:
        true(*args)
        raise _Killed

    return does


DEATHS: dict[str, tuple[object, str, Callable[[Callable[..., Any]], Callable[..., Any]]]] = {
    "before it is sealed": (compose, "seal", lambda _: _dies),
    "before it is written down": (Journal, "pend", lambda _: _dies),
    "when it is written down": (Journal, "pend", _dies_after_writing),
    "before it is posted": (Exchange, "post", lambda _: _dies),
    "when it is posted": (Exchange, "post", _dies_after),
    "before it is settled": (Journal, "settle", lambda _: _dies),
    "when it is settled": (Journal, "settle", _dies_after_writing),
    "before the cursor rises": (Journal, "taken", lambda _: _dies),
    "when the cursor rises": (Journal, "taken", _dies_after_writing),
}


@pytest.mark.parametrize("death", DEATHS)
async def test_a_receiver_that_dies_answers_exactly_once_and_misses_nothing(
    client: ClientOf, hub: SmallHub, monkeypatch: pytest.MonkeyPatch, death: str
) -> None:
    owner, name, dying = DEATHS[death]
    async with client("ZA-DHA") as before:
        await before.receive_once()
    async with client("MZ-INAR") as sender:
        request = await asked(sender)
    taken: list[Item] = []
    async with client("ZA-DHA") as receiver:
        with monkeypatch.context() as patched:
            patched.setattr(owner, name, dying(getattr(owner, name)))
            with pytest.raises(_Killed):
                await _take(receiver, taken)
    async with client("ZA-DHA") as again:
        taken += await again.receive_once()
    assert len(answers(hub, request)) == 1
    assert request in {item.header.id for item in taken if item.header}


async def _take(receiver: Client, taken: list[Item]) -> None:
    async for item in receiver.receive(follow=False):
        taken.append(item)  # noqa: PERF401 (what was taken before it died counts)


async def test_an_item_that_the_caller_did_not_finish_comes_again(client: ClientOf) -> None:
    async with client("MZ-INAR") as sender:
        await said.open_case(sender)
        first = [item.index async for item in _first(sender)]
    async with client("MZ-INAR") as again:
        assert next(item.index for item in await again.receive_once()) == first[0]


async def test_a_page_is_taken_as_a_whole_once_the_next_is_asked_for(client: ClientOf) -> None:
    async with client("MZ-INAR") as sender:
        cases = [await said.open_case(sender) for _ in range(7)]
        first = await anext(sender.inbox.receive_pages(wait_s=0))
        assert [item.header.id for item in first if item.header][-7:] == cases
        assert sender.journal.reload().cursor == -1
        pages = sender.inbox.receive_pages(wait_s=0)
        assert [item.index for item in await anext(pages)] == [item.index for item in first]
        await anext(pages)
        assert sender.journal.reload().cursor == first[-1].index


async def test_one_leaf_of_many_that_is_not_in_the_ledgers_tile_is_tampered_with(
    client: ClientOf, hub: SmallHub
) -> None:
    async with client("MZ-INAR") as sender:
        for _ in range(7):
            await said.open_case(sender)
        bad = hub.rows[-3][0]
        true, hub.shown[bad] = hub.leaves[bad], hub.leaves[bad].replace(b'"case_version":1', b'"case_version":2')
        assert hub.shown[bad] != true
        taken: list[int] = []
        with pytest.raises(Tampered) as caught:
            await take(sender, taken)
        assert (caught.value.index, taken[-1]) == (bad, hub.rows[-4][0])


async def take(agency: Client, taken: list[int]) -> None:
    async for item in agency.receive(wait_s=0, follow=False):
        taken.append(item.index)  # noqa: PERF401 (what was taken before it ended counts)


async def _first(agency: Client) -> Any:
    async for item in agency.receive():
        yield item
        return


async def test_an_answer_that_the_hub_refuses_is_seen_and_does_not_hold_up_the_inbox(
    client: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client("MZ-INAR") as sender, client("ZA-DHA") as receiver:
        request = await asked(sender)

        async def refuses(*_: object, **__: object) -> None:
            raise Refused(Fault("NOT_YOUR_ROLE", "/from", "no"))

        monkeypatch.setattr(receiver.outbox, "send", refuses)
        item = of(await receiver.receive_once(), request)
        assert [fault.code for fault in item.problems] == ["NOT_YOUR_ROLE"]
        assert await receiver.receive_once() == []


Change = Callable[[dict[str, Any], SmallHub], None]


def _swap_leaf(row: dict[str, Any], hub: SmallHub) -> None:
    row["leaf"] = b64u.encode(hub.leaves[0])


def _other_ruling(row: dict[str, Any], _: SmallHub) -> None:
    raw = b64u.decode(row["leaf"]).replace(b'"position":', b'"position":1')
    row["leaf"] = b64u.encode(raw)


def _other_index(row: dict[str, Any], _: SmallHub) -> None:
    row["index"] -= 1


def _swap_parts(row: dict[str, Any], _: SmallHub) -> None:
    row["parts"]["content"] = row["parts"]["sensitive"]


def _change_part(row: dict[str, Any], _: SmallHub) -> None:
    row["parts"]["content"] = row["parts"]["content"].replace('"tag":"', '"tag":"A', 1)


ALTERED: dict[str, Change] = {
    "another leaf": _swap_leaf,
    "another ruling": _other_ruling,
    "another index": _other_index,
    "another part": _swap_parts,
    "a changed part": _change_part,
}


async def last_of(receiver: Client) -> Item:
    return (await receiver.inbox.look())[-1]


@pytest.mark.parametrize("altered", ALTERED)
async def test_what_the_hub_alters_is_tampered_with(client: ClientOf, hub: SmallHub, altered: str) -> None:
    def alter(_: web.Request, response: web.Response) -> web.Response:
        page = json.loads(response.body)  # type: ignore[arg-type]
        page["data"] = page["data"][-1:]
        ALTERED[altered](page["data"][0], hub)
        return web.json_response(page)

    async with client("MZ-INAR") as sender, client("ZA-DHA") as receiver:
        await asked(sender)
        await receiver.refresh_directory()
        assert (await last_of(receiver)).problems == ()
        hub.after = [alter]
        with pytest.raises(Tampered):
            await last_of(receiver)


@pytest.mark.parametrize("altered", ["of another leaf", "by another key", "without its last hash", "of no tree"])
async def test_a_leaf_that_is_not_proved_is_tampered_with(
    client: ClientOf, hub: SmallHub, monkeypatch: pytest.MonkeyPatch, altered: str
) -> None:
    async with client("MZ-INAR") as sender, client("ZA-DHA") as receiver:
        await asked(sender)
        await receiver.receive_once()
        index, size = len(hub.leaves) - 2, len(hub.leaves)
        true = proof.Proof(index, tuple(hub.path_of(index)), hub.note())
        root = Checkpoint(hub.root.origin, size, bytes(32))
        false = {
            "of another leaf": replace(true, index=index - 1),
            "by another key": replace(true, checkpoint_note=sign_checkpoint(root, PrivateJwk.generate(ED25519))),
            "without its last hash": replace(true, hashes=true.hashes[:-1]),
            "of no tree": replace(true, checkpoint_note=sign_checkpoint(root, hub.ledger)),
        }
        monkeypatch.setattr(receiver.exchange, "proof", _gives(false[altered].format().encode()))
        with pytest.raises(Tampered):
            await receiver.inbox.look(after=index - 1)


async def test_an_inbox_that_is_not_in_the_ledgers_order_is_tampered_with(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as sender:
        await said.open_case(sender)
        hub.rows[0], hub.rows[1] = hub.rows[1], hub.rows[0]
        hub.rows[1:1] = [hub.rows[2]]
        with pytest.raises(Tampered, match="order"):
            await sender.receive_once()


async def test_a_true_leaf_under_another_index_is_tampered_with(
    client: ClientOf, hub: SmallHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client("MZ-INAR") as sender, client("ZA-DHA") as receiver:
        await asked(sender)
        index = len(hub.leaves) - 1
        true = proof.Proof(index, tuple(hub.path_of(index)), hub.note())
        monkeypatch.setattr(receiver.exchange, "proof", _gives(true.format().encode()))
        hub.rows[-1] = (index - 1, *hub.rows[-1][1:])
        hub.leaves[index - 1] = hub.leaves[index]
        with pytest.raises(Tampered, match="another leaf"):
            await receiver.inbox.look(after=index - 2)


def _gives(answer: bytes) -> Callable[[int], Any]:
    async def give(_: int) -> bytes:
        return answer

    return give


async def test_a_message_signed_by_a_key_that_no_directory_knows_is_tampered_with(
    client: ClientOf, hub: SmallHub
) -> None:
    async with client("ZA-DHA") as receiver:
        stranger = compose.statement("key.revoked", sender="MZ-INAR", facts={"agency": "MZ-INAR", "kid": "A" * 43})
        forged = stranger.sign(number=1, now_ms=1_795_000_000_000, keys=(PrivateJwk.generate(ED25519),))
        envelope = strict_json.dump(strict_json.parse(forged.line)["header"])
        ruling = Ruling(ruling="recorded", position=1, stored_at="2026-11-23T10:00:00.000Z")
        hub.append(Leaf(ruling, envelope).to_bytes(), {"ZA-DHA"}, None)
        with pytest.raises(Tampered, match="not signed by keys"):
            await receiver.receive_once()


async def test_a_message_in_the_name_of_another_agency_is_tampered_with(client: ClientOf, hub: SmallHub) -> None:
    async with client("ZA-DHA") as receiver, client("MZ-INAR") as other:
        said_by = compose.statement("key.revoked", sender="MZ-INAR", facts={"agency": "MZ-INAR", "kid": "A" * 43})
        forged = said_by.sign(number=1, now_ms=1_795_000_000_000, keys=(receiver.keyring.sign,))
        envelope = strict_json.dump(strict_json.parse(forged.line)["header"])
        ruling = Ruling(ruling="recorded", position=1, stored_at="2026-11-23T10:00:00.000Z")
        hub.append(Leaf(ruling, envelope).to_bytes(), {other.agency}, None)
        with pytest.raises(Tampered, match="not signed by its sender"):
            await other.receive_once()


async def test_a_part_that_is_kept_back_is_asked_for_again(client: ClientOf, hub: SmallHub) -> None:
    def keep_back(_: web.Request, response: web.Response) -> web.Response:
        page = json.loads(response.body)  # type: ignore[arg-type]
        page["data"] = page["data"][-1:]
        del page["data"][0]["parts"]["content"]
        return web.json_response(page)

    async with client("MZ-INAR") as sender, client("ZA-DHA") as receiver:
        await asked(sender)
        await receiver.refresh_directory()
        hub.after = [keep_back]
        with pytest.raises(Unavailable, match="content"):
            await receiver.receive_once()
        assert len(await receiver.receive_once()) == 4


async def test_a_refused_message_whose_parts_never_came_does_not_hold_up_its_senders_inbox(
    client: ClientOf, hub: SmallHub
) -> None:
    def without(_: web.Request, response: web.Response) -> web.Response:
        page = json.loads(response.body)  # type: ignore[arg-type]
        page["data"] = page["data"][-1:]
        page["data"][0]["parts"] = {}
        return web.json_response(page)

    async with client("MZ-INAR") as sender:
        refused = await said.ask(sender, await said.open_case(sender), seen=99)
        assert refused.ruling is not None and refused.ruling.code == "STALE_STATE"
        hub.after = [without]
        items = await sender.receive_once()
        assert [(item.leaf.ruling.code, dict(item.bodies)) for item in items] == [("STALE_STATE", {})]


async def test_what_was_erased_is_left_out(client: ClientOf, hub: SmallHub) -> None:
    def erase(_: web.Request, response: web.Response) -> web.Response:
        page = json.loads(response.body)  # type: ignore[arg-type]
        del page["data"][-1]["parts"]["content"]
        page["data"][-1]["erased"] = ["content"]
        return web.json_response(page)

    async with client("MZ-INAR") as sender, client("ZA-DHA") as receiver:
        await asked(sender)
        await receiver.refresh_directory()
        hub.after = [erase]
        item = (await receiver.receive_once())[-1]
        assert (set(item.bodies), item.problems) == ({"sensitive"}, ())


async def test_a_lapse_has_no_header(client: ClientOf, hub: SmallHub) -> None:
    ruling = Ruling(ruling=LAPSED, position=1, stored_at="2026-11-23T10:00:00.000Z", clock="reply")
    hub.append(Leaf(ruling, b"").to_bytes(), {"ZA-DHA"}, None)
    async with client("ZA-DHA") as receiver:
        item = (await receiver.receive_once())[-1]
    assert (item.header, item.leaf.ruling.clock) == (None, "reply")


def broken(sealed: Sealed, receivers: list[PrivateJwk], text: bytes, *, commitment: str | None = None) -> Sealed:
    """As a sender with faulty software would seal its content."""
    part = jwe.seal(
        text, message=sealed.id, part="content", sender=sealed.sender, readers=[key.public for key in receivers]
    )
    committed = commitment or plaintext.commitment(text)
    entry = {**sealed.entries[0], "digest": jwe.digest(part), "commitment": committed}  # type: ignore[index]
    entries = (entry, *sealed.entries[1:])  # type: ignore[index]
    return replace(sealed, parts={**sealed.parts, "content": part}, entries=entries)


def padded(members: str) -> bytes:
    """A plaintext of these members with a pad that makes its length Padmé's."""
    for pad in range(5000):
        text = f'{{{members},"pad":"{"0" * pad}"}}'.encode()
        if len(text) >= 1024 and plaintext.padme(len(text)) == len(text):
            return text
    raise AssertionError


def wrapped(body: str) -> bytes:
    return padded(f'"salt":"{b64u.encode(SALT)}","schema":"referral.requested.content/1","body":{body}')


async def bounced(client: ClientOf, spoil: Callable[[Sealed, list[PrivateJwk]], Sealed]) -> tuple[str, Any]:
    """The reason and the errors with which a spoiled request comes back."""
    async with client("MZ-INAR") as sender, client("ZA-DHA") as receiver:
        case = await said.open_case(sender)
        facts = {"to": ["ZA-DHA"], "case": case, "kind": "service", "urgency": "standard", "seen": 1}
        draft = Draft.of("referral.requested", facts, said.request())
        sealed = compose.seal(draft, sender="MZ-INAR", directory=sender.directory)
        spoiled = spoil(sealed, [sender.keyring.read[0], receiver.keyring.read[0]])
        await sender.outbox.send(spoiled)
        item = of(await receiver.receive_once(), sealed.id)
        assert item.problems
        back = (await sender.receive_once())[-1]
        assert isinstance(back.header, MessageBounced)
        assert (back.header.in_reply_to, back.header.to) == (sealed.id, ("MZ-INAR",))
        content: Any = back.bodies["content"]
        return back.header.reason, [(error.code, error.pointer) for error in content.errors]


async def test_a_part_sealed_to_another_key_is_bounced_as_unopenable(client: ClientOf) -> None:
    text = wrapped("{}")
    reason, errors = await bounced(client, lambda s, keys: broken(s, [keys[0], PrivateJwk.generate(P256)], text))
    assert (reason, errors) == ("UNOPENABLE", [("UNOPENABLE", "/content/recipients")])


async def test_another_text_than_was_committed_to_is_bounced(client: ClientOf) -> None:
    text = wrapped("{}")
    reason, errors = await bounced(client, lambda s, keys: broken(s, keys, text, commitment="A" * 43))
    assert (reason, errors) == ("COMMITMENT", [("COMMITMENT", "/content")])


async def test_a_body_that_does_not_fit_its_schema_is_bounced_with_pointers(client: ClientOf) -> None:
    body = json.dumps({**said.request()["content"], "purposes": []})
    reason, errors = await bounced(client, lambda s, keys: broken(s, keys, wrapped(body)))
    assert (reason, errors) == ("SCHEMA", [("SCHEMA", "/content/purposes")])


async def test_a_body_that_breaks_a_rule_is_bounced_with_the_rules_code(client: ClientOf) -> None:
    content = said.request()["content"]
    content["person"]["name"] = {"given": [], "family": [], "script": "Latn"}
    reason, errors = await bounced(client, lambda s, keys: broken(s, keys, wrapped(json.dumps(content))))
    assert reason == "SCHEMA"
    assert errors == [("NAME_EMPTY", "/content/person/name/given")]


async def test_a_bounce_never_repeats_the_senders_words(client: ClientOf) -> None:
    body = '{"Hodan":{"Abdi":1,"Abdi":2}}'
    reason, errors = await bounced(client, lambda s, keys: broken(s, keys, wrapped(body)))
    assert (reason, errors) == ("SCHEMA", [("DUPLICATE_KEY", "/content")])


async def test_a_message_that_we_only_read_is_not_bounced(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as sender, client("IO-WATCH") as watch:
        case = await said.open_case(sender)
        item = of(await watch.receive_once(), case)
        assert set(item.bodies) == {"movement"}
        assert answers(hub, case) == []


async def test_a_message_of_our_own_that_does_not_open_is_not_bounced(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as sender:
        await sender.refresh_directory()
        draft = Draft.of("encounter.reported", {"to": []}, said.encounter())
        sealed = compose.seal(draft, sender="MZ-INAR", directory=sender.directory)
        await sender.outbox.send(broken(sealed, [PrivateJwk.generate(P256)], wrapped("{}")))
        item = of(await sender.receive_once(), sealed.id)
        assert [fault.code for fault in item.problems] == ["UNOPENABLE"]
        assert answers(hub, sealed.id) == []
