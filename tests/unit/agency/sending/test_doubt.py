"""Refusals of what may have been stored before: no second case, nothing lost, whenever the process dies."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from hifadhi.agency.client import Client
from hifadhi.agency.composing.compose import Draft, Message
from hifadhi.agency.composing.signed_file import SignedFile
from hifadhi.agency.directory import governance
from hifadhi.agency.directory.enrolment import Enrolment, new_agency
from hifadhi.agency.directory.governance import Governance
from hifadhi.agency.home.journal import Journal, Refusal
from hifadhi.agency.sending import outbox
from hifadhi.agency.sending.doubt import UNDER_WAY_S
from hifadhi.agency.wire.exchange import Ruling
from hifadhi.agency.wire.receipt import Receipt
from hifadhi.errors import Tampered, Unavailable
from unit.agency import said
from unit.agency.conftest import NOW_MS, QUICK, ClientOf
from unit.agency.sending.test_outbox import CORRIDOR, encounters, lost, ready, sequences, unavailable
from unit.agency.small_hub import SmallHub

Grow = Callable[[], None]
Meddle = Callable[[web.Request, web.Response], web.Response]


@pytest.fixture
def grow(hub: SmallHub, office: Governance, tmp_path: Path) -> Grow:
    """Governance lets in another agency that reads each `movement`: what was sealed before lacks a reader."""

    def grown() -> None:
        folder = tmp_path / "IO-NEW"
        new_agency(folder, "IO-NEW", name="new", country="CHE", roles=("detection",), utc_offset="+02:00")
        enrolment = Enrolment.parse((folder / "request.json").read_bytes())
        admitted = governance.admitted(enrolment).sign(number=50, now_ms=NOW_MS, keys=office.signers())
        for line in (admitted.line, *(added.line for added in enrolment.keys)):
            assert hub.take(line)[0] == 202

    return grown


@pytest.fixture(autouse=True)
def _no_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "SEALED_WAIT_S", 0)  # nobody waits for what will not come


def after(agency: Client, seconds: float) -> Client:
    """The same agency's next process, so much later."""
    now = time.time()
    return Client(
        agency.keyring.home, agency.root, agency.exchange.transport.base_url, patience=QUICK,
        clock_s=lambda: now + seconds,
    )  # fmt: skip


def long_after(agency: Client) -> Client:
    return after(agency, UNDER_WAY_S + agency.root.max_delay_s + 1)


def at_post(hub: SmallHub, meddle: Meddle) -> Meddle:
    """What `meddle` does, when something is posted next."""

    def waits(request: web.Request, response: web.Response) -> web.Response:
        if request.method == "POST":
            return meddle(request, response)
        hub.after.append(waits)
        return response

    return waits


def cases(hub: SmallHub) -> list[str]:
    return [header.id for _, _, header in hub.rows if header and header.type == "encounter.reported"]


def evidence(agency: Client) -> list[str]:
    """What kinds of evidence it keeps, in order."""
    path = agency.keyring.home / "evidence.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [kind for line in lines for kind in json.loads(line) if kind in {"receipt", "refusal"}]


async def kept(agency: Client, hub: SmallHub, *, stored: bool) -> str:
    """The id of a first encounter that had no answer, and was stored or not."""
    await ready(agency)
    if stored:
        hub.after = [lost]
        hub.before = [lambda _: None, *[unavailable] * 3]
    else:
        hub.before = [unavailable] * 4
    with pytest.raises(Unavailable, match="do not compose it anew") as error:
        await said.open_case(agency)
    assert error.value.code == "KEPT"
    (pending,) = agency.journal.entries.pending
    return Message.parse(pending.line).id


async def test_a_repeat_that_the_gateway_refuses_opens_no_second_case(
    client: ClientOf, hub: SmallHub, grow: Grow
) -> None:
    def lost_and_grown(request: web.Request, response: web.Response) -> web.Response:
        grow()
        return lost(request, response)

    async with client("MZ-INAR") as agency:
        await ready(agency)
        hub.after = [lost_and_grown]
        sent = await agency.send("encounter.reported", bodies=said.encounter())
        await said.open_case(agency)
    assert (sent.is_recorded, sent.receipt) == (True, None)
    assert cases(hub)[0] == sent.id
    assert sequences(hub, "MZ-INAR") == [1, 2]
    assert evidence(agency) == ["receipt"]


async def test_a_kept_message_that_was_stored_is_not_given_up_for_a_refusal(
    client: ClientOf, hub: SmallHub, grow: Grow
) -> None:
    async with client("MZ-INAR") as agency:
        first = await kept(agency, hub, stored=True)
    grow()
    async with client("MZ-INAR") as again:
        (found,) = await again.send_kept()
        second = await said.open_case(again)
    assert isinstance(found, Ruling)
    assert cases(hub) == [first, second]
    assert sequences(hub, "MZ-INAR") == [1, 2]


async def test_what_was_never_stored_is_refused_once_that_is_certain_and_its_number_used_again(
    client: ClientOf, hub: SmallHub, grow: Grow
) -> None:
    async with client("MZ-INAR") as agency:
        first = await kept(agency, hub, stored=False)
    grow()
    async with client("MZ-INAR") as again:
        assert await again.send_kept() == []
        second = await said.open_case(again)  # it is not held up
        posts = len(hub.posts)
        assert await again.send_kept() == []  # and the first is not posted again
    async with long_after(again) as later:
        sent = await later.send("encounter.reported", bodies=said.encounter())
        assert await later.send_kept() == []
    (refused,) = sent.refused
    assert (refused.id, refused.refusal.faults[0].pointer) == (first, "/parts/2/readers")
    assert len(hub.posts) == posts + 1
    assert cases(hub) == [second, sent.id]
    assert sequences(hub, "MZ-INAR") == [2, 1]
    assert evidence(later) == ["receipt", "refusal", "receipt"]


@pytest.mark.parametrize("seconds", [0, UNDER_WAY_S, UNDER_WAY_S + 59])
async def test_nothing_is_said_while_an_earlier_posting_may_still_be_sealed(
    client: ClientOf, hub: SmallHub, grow: Grow, seconds: float
) -> None:
    async with client("MZ-INAR") as agency:
        await kept(agency, hub, stored=False)
    grow()
    async with client("MZ-INAR") as again:
        await again.send_kept()
    async with after(again, seconds) as later:
        assert await later.send_kept() == []
        assert len(later.journal.entries.pending) == 1


async def test_a_delivery_that_is_behind_does_not_make_it_certain(client: ClientOf, hub: SmallHub, grow: Grow) -> None:
    async with client("MZ-INAR") as agency:
        first = await kept(agency, hub, stored=True)
    grow()
    hub.behind = len(hub.leaves)  # it makes its rows again
    async with client("MZ-INAR") as again:
        assert await again.send_kept() == []
    async with long_after(again) as later:
        assert await later.send_kept() == []
        hub.behind = 0
        (found,) = await later.send_kept()
    assert isinstance(found, Ruling)
    assert found.id == first


@pytest.mark.parametrize("answer", [unavailable, lambda _: web.Response(status=401, text="log in")])
async def test_who_cannot_ask_does_not_decide(
    client: ClientOf, hub: SmallHub, grow: Grow, answer: Callable[[web.Request], web.Response]
) -> None:
    async with client("MZ-INAR") as agency:
        await kept(agency, hub, stored=True)
    grow()

    def deaf(request: web.Request) -> web.Response | None:
        return answer(request) if request.method == "GET" and "/v1/messages/" in request.path else None

    hub.behind = len(hub.leaves)
    async with client("MZ-INAR") as again:
        await again.send_kept()
    hub.behind = 0
    async with long_after(again) as later:
        hub.before = [deaf] * 20
        assert await later.send_kept() == []
        hub.before = []
        assert [type(one) for one in await later.send_kept()] == [Ruling]


@pytest.mark.parametrize("stored", [False, True])
@pytest.mark.parametrize("is_written", [False, True])
async def test_a_process_that_dies_when_it_hears_the_refusal_loses_and_doubles_nothing(
    client: ClientOf, hub: SmallHub, grow: Grow, monkeypatch: pytest.MonkeyPatch, is_written: bool, stored: bool
) -> None:
    doubt = Journal.doubt

    def dies(self: Journal, refusals: Mapping[int, Refusal]) -> None:
        if is_written:
            doubt(self, refusals)
        raise KeyboardInterrupt

    async with client("MZ-INAR") as agency:
        first = await kept(agency, hub, stored=stored)
    grow()
    async with client("MZ-INAR") as again:
        with monkeypatch.context() as patched:
            patched.setattr(Journal, "doubt", dies)
            with pytest.raises(KeyboardInterrupt):
                await again.send_kept()
    async with client("MZ-INAR") as third:
        await third.send_kept()
    async with long_after(third) as later:
        await later.send_kept()
        await said.open_case(later)
        assert later.journal.entries.pending == ()
    assert (first in cases(hub)) == stored
    assert sequences(hub, "MZ-INAR") == ([1, 2] if stored else [1])


async def test_a_message_in_doubt_is_not_composed_anew(client: ClientOf, hub: SmallHub, grow: Grow) -> None:
    def lost_and_grown(request: web.Request, response: web.Response) -> web.Response:
        grow()
        hub.behind = 5
        return lost(request, response)

    async with client("MZ-INAR") as agency:
        await ready(agency)
        hub.after = [lost_and_grown]
        with pytest.raises(Unavailable, match="do not compose it anew") as error:
            await said.open_case(agency)
        assert error.value.code == "IN_DOUBT"
        hub.behind = 0
        (found,) = await agency.send_kept()
    assert [found.id] == cases(hub)


async def test_other_bytes_under_its_id_are_tampering(client: ClientOf, hub: SmallHub, grow: Grow) -> None:
    async with client("MZ-INAR") as agency:
        await kept(agency, hub, stored=True)
    grow()

    def another(request: web.Request, response: web.Response) -> web.Response:
        if "/v1/messages/" not in request.path:
            hub.after.append(another)
            return response
        return web.json_response({**json.loads(response.text or ""), "digest": "A" * 43})

    async with client("MZ-INAR") as again:
        hub.after = [another]
        with pytest.raises(Tampered, match="under the id of a message of ours"):
            await again.send_kept()
        assert len(again.journal.entries.pending) == 1


async def test_each_line_of_a_batch_that_is_refused_the_second_time_is_asked_about(
    client: ClientOf, hub: SmallHub, grow: Grow
) -> None:
    async with client("MZ-INAR") as agency:
        await ready(agency)
        hub.after = [lost]
        hub.before = [lambda _: None, *[unavailable] * 3]
        with pytest.raises(Unavailable):
            await agency.send_batch(encounters(2))
    grow()
    async with client("MZ-INAR") as again:
        assert [type(one) for one in await again.send_kept()] == [Ruling, Ruling]
        await said.open_case(again)
    assert sequences(hub, "MZ-INAR") == [1, 2, 3]


async def test_a_line_whose_outcome_was_unknown_and_is_refused_in_the_next_round_is_asked_about(
    client: ClientOf, hub: SmallHub, grow: Grow
) -> None:
    take, lines = hub.take, list[bytes]()

    def unknown_at_first(raw: bytes) -> tuple[int, dict[str, Any]]:
        lines.append(raw)
        answer = take(raw)
        if len(lines) == 2:
            hub.take = take  # type: ignore[method-assign]
            grow()
            return 503, {"code": "OUTCOME_UNKNOWN"}
        return answer

    async with client("MZ-INAR") as agency:
        await ready(agency)
        hub.take = unknown_at_first  # type: ignore[method-assign]
        outcomes = await agency.send_batch(encounters(2))
    assert [type(one) for one in outcomes] == [Receipt, Ruling]
    assert sequences(hub, "MZ-INAR") == [1, 2]


async def test_an_automatic_answer_in_doubt_is_not_given_twice(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as asks:
        request = (await said.ask(asks, await said.open_case(asks))).id
    before = hub.fold.directory

    def lost_and_suspended(asked: web.Request, response: web.Response) -> web.Response:
        hub.fold.directory = replace(before, suspended=frozenset({"ZA-DHA"}))
        hub.behind = 1
        return lost(asked, response)

    async with client("ZA-DHA") as agency:
        hub.after = [at_post(hub, lost_and_suspended)]
        for _ in range(2):
            with pytest.raises(Unavailable) as error:
                await agency.receive_once()
            assert error.value.code == "IN_DOUBT"
        hub.fold.directory, hub.behind = before, 0
        assert request in [item.header.id for item in await agency.receive_once() if item.header]
    assert sequences(hub, "ZA-DHA") == [1]


async def test_what_another_has_signed_too_is_not_posted_again_while_it_is_in_doubt(
    client: ClientOf, hub: SmallHub
) -> None:
    before = hub.fold.directory

    def lost_and_suspended(request: web.Request, response: web.Response) -> web.Response:
        hub.fold.directory = replace(before, suspended=frozenset({"ZA-DHA"}))
        hub.behind = 1
        return lost(request, response)

    async with client("MZ-INAR") as agency, client("ZA-DHA") as other:
        file = SignedFile.parse((await agency.prepare(Draft.of("arrangement.published", CORRIDOR, {}))).line)
        signed = file.countersigned(other.keyring.sign)
        hub.after = [at_post(hub, lost_and_suspended)]
        for posts in (2, 2):
            with pytest.raises(Unavailable) as error:
                await agency.send_signed(signed)
            assert (error.value.code, len(hub.posts)) == ("IN_DOUBT", posts)
        hub.behind = 0
        assert [type(one) for one in await agency.send_kept()] == [Ruling]
        assert agency.journal.entries.prepared == ()
