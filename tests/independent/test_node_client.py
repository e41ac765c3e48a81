"""The example client in JavaScript, an agency of its own on a real exchange: it refers, and is referred to."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from hifadhi.agency.client import Client
from hifadhi.agency.composing.compose import Draft, seal
from hifadhi.agency.directory.directory_office import DirectoryOffice
from hifadhi.agency.directory.enrolment import Enrolment, new_agency
from hifadhi.agency.directory.governance import Governance
from hifadhi.agency.receiving.opening import Item
from hifadhi.demo import papers, people
from hifadhi.demo.stage import Stage, embedded, stage
from hifadhi.demo.steps import Facts, received, recorded, state, version
from hifadhi.evidence import b64u, leaf
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral import parts
from independent.programs import CLIENT, PATIENCE_S, node_client
from ledger_verified import verified

Said = dict[str, Any]
MOST_LINES: Final = 150
MOST_WIDE: Final = 120
OURS, THEIRS = "MZ-INAR", "ZA-DHA"
"""Who uses the client in JavaScript, and who the one in Python."""
LOGIN = "data:text/javascript," + quote(
    "const real = fetch; globalThis.fetch = async (to, how) =>"
    " how?.method === 'POST' ? new Response('<html>log in</html>', { status: 403 }) : real(to, how)"
)
"""A proxy in between, which has its own page for whatever is posted."""


@dataclass(frozen=True)
class NodeAgency:
    """An agency that has nothing but its folder of keys, `root.json`, the base URL and the example client."""

    command: tuple[str, ...]
    made: Stage

    async def run(self, *words: str) -> tuple[int, list[Said], str]:
        """How it ended, what it printed line by line, what it complained of."""
        root = self.made.folder / "exchange" / "root.json"
        options = ("--home", str(self.made.home(OURS)), "--url", self.made.base_url, "--root", str(root))
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(*self.command, *words, *options, stdout=pipe, stderr=pipe)
        out, errors = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode is not None
        return process.returncode, [json.loads(line) for line in out.splitlines()], errors.decode()

    async def does(self, *words: str) -> list[Said]:
        code, lines, errors = await self.run(*words)
        assert code == 0, errors
        return lines

    async def sends(self, kind: str, bodies: Said, /, **facts: Any) -> Said:
        [ruling] = await self.does("send", self.draft(kind, bodies, **facts))
        assert ruling["ruling"] == "recorded", ruling
        return ruling

    def draft(self, kind: str, bodies: Said, /, **facts: Any) -> str:
        path = self.made.folder / "draft.json"
        path.write_text(json.dumps({"type": kind, **facts, "bodies": bodies}), encoding="utf-8")
        return str(path)

    async def reads(self, kind: str) -> Said:
        """The one new message of this type in its inbox."""
        [found] = [item for item in await self.does("inbox") if item.get("said", {}).get("type") == kind]
        return found


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[NodeAgency]:
    command = await asyncio.to_thread(node_client)
    async with contextlib.AsyncExitStack() as stack:
        run = partial(embedded, port=0, tell=lambda _: None)
        made = await stack.enter_async_context(stage(tmp_path, run, lambda _: None, (OURS, THEIRS)))
        yield NodeAgency(command, made)
        assert (await verified(made)).findings == ()


def bodies_of(item: Item) -> Said:
    return {name: parts.as_json(body) for name, body in item.bodies.items()}


async def met(theirs: Client) -> str:
    """The case of a girl whom the other agency has found in its own country."""
    found = people.girl_found()
    found["content"]["place"], found["movement"]["country"] = {"country": "ZAF"}, "ZAF"
    return recorded(await theirs.send("encounter.reported", bodies=found))


async def grow(made: Stage) -> None:
    """Governance lets in another agency that reads each `movement`: what was sealed before lacks a reader."""
    home = made.home("IO-NEW")
    new_agency(home, "IO-NEW", name="new", country="CHE", roles=("detection",), utc_offset="+02:00")
    async with DirectoryOffice(made.root, made.base_url) as office:
        enrolment = Enrolment.parse((home / "request.json").read_bytes())
        await office.admit(enrolment, Governance.load(made.folder / "exchange"))


async def posted(node: NodeAgency, index: int) -> Said:
    """A message of its own as it was posted, out of its inbox."""
    exchange = node.made.clients[OURS].exchange
    page = await exchange.inbox(after=index - 1, limit=1, wait_s=0)
    [row] = page.rows
    return {"header": json.loads(leaf.parse(row.leaf).envelope), "parts": dict(row.parts)}


def asks(case: str) -> Facts:
    return {"case": case, "seen": 1, "kind": "responsibility", "urgency": "urgent"}


def test_it_is_short_enough_to_be_read_before_one_writes_another() -> None:
    """`interfaces.md`: a whole client in under 150 lines; as wide as our own."""
    lines = (CLIENT / "client.mjs").read_text(encoding="utf-8").splitlines()
    assert len(lines) < MOST_LINES
    assert max(map(len, lines)) <= MOST_WIDE


async def test_it_refers_a_person_and_reads_that_she_is_accepted(node: NodeAgency) -> None:
    theirs = node.made.clients[THEIRS]
    case = (await node.sends("encounter.reported", people.girl_found(), to=[]))["id"]
    [own] = [one for one in await node.made.clients[OURS].receive_once(wait_s=5) if one.bodies]
    assert (own.problems, bodies_of(own)) == ((), people.girl_found())  # sealed to one reader, and to more

    bodies = people.girl_referred(THEIRS, purposes=["TAKE_CHARGE"], reasons="Her aunt lives there: 叔母 ✓")
    request = (await node.sends("referral.requested", bodies, to=[THEIRS], **asks(case)))["id"]

    [item] = [one for one in await received(theirs) if one.header and one.header.type == "referral.requested"]
    assert bodies_of(item) == {name: bodies[name] for name in ("content", "sensitive")}
    about: Facts = {"case": case, "referral": request, "to": [OURS], "seen": 1}
    yes = papers.accepted(THEIRS, "ZAF", basis="CRC:22", care="KINSHIP")
    recorded(await theirs.send("referral.accepted", bodies=yes, **about))

    accepted = await node.reads("referral.accepted")
    assert (accepted["said"]["from"], accepted["bodies"]) == (THEIRS, yes)
    [stands] = await node.does("case", case)
    assert [one["state"] for one in stands["referrals"]] == ["ACCEPTED"]


async def test_it_takes_a_referral_confirms_it_by_itself_and_accepts(node: NodeAgency) -> None:
    theirs = node.made.clients[THEIRS]
    case = await met(theirs)
    bodies = people.girl_referred(OURS, purposes=["TAKE_CHARGE"], reasons="Her mother is in Maputo.")
    request = recorded(await theirs.send("referral.requested", to=[OURS], bodies=bodies, **asks(case)))

    read = await node.reads("referral.requested")
    assert read["bodies"] == {name: bodies[name] for name in ("content", "sensitive")}
    assert await state(theirs, case, request) == "RECEIVED"
    yes = papers.accepted(OURS, "MOZ", basis="CRC:22")
    about: Facts = {"case": case, "referral": request, "to": [THEIRS]}
    await node.sends("referral.accepted", yes, seen=await version(theirs, case, request), **about)

    [item] = [one for one in await received(theirs) if one.header and one.header.type == "referral.accepted"]
    assert bodies_of(item) == yes


async def test_it_takes_no_text_to_which_the_sender_did_not_commit(node: NodeAgency) -> None:
    theirs = node.made.clients[THEIRS]
    case = await met(theirs)
    bodies = people.girl_referred(OURS, purposes=["TAKE_CHARGE"], reasons="Her mother is in Maputo.")
    draft = Draft.of("referral.requested", {"to": [OURS], **asks(case)}, bodies)
    honest = seal(draft, sender=THEIRS, directory=theirs.directory, copied=frozenset())
    other = b64u.encode(bytes(32))
    lie = replace(honest, entries=tuple({**entry, "commitment": other} for entry in honest.entries or ()))
    assert await theirs.outbox.send(lie)
    assert await theirs.ruling(lie.id)
    code, _, errors = await node.run("inbox")
    assert code == 1 and "not the text that the header commits to" in errors, errors


async def test_a_parts_length_tells_little(node: NodeAgency) -> None:
    sent = await node.sends("encounter.reported", people.girl_found(), to=[])
    parts_of = (await posted(node, sent["index"]))["parts"]
    lengths = {name: len(b64u.decode(json.loads(sealed)["ciphertext"])) for name, sealed in parts_of.items()}
    assert lengths == {"content": 1024, "sensitive": 4096, "movement": 1024, "statistics": 1024}


async def test_it_tells_why_it_was_refused_and_uses_the_number_again(node: NodeAgency) -> None:
    code, lines, errors = await node.run(
        "send", node.draft("encounter.reported", people.girl_found(), to=[], urgency="urgent")
    )
    assert (code, lines) == (1, []) and "a member that this type does not have" in errors, errors
    await node.sends("encounter.reported", people.girl_found(), to=[])
    assert (node.made.home(OURS) / "node-sequence").read_text() == "1"


async def test_a_message_that_was_kept_without_an_answer_is_posted_again_as_it_was(node: NodeAgency) -> None:
    home = node.made.home(OURS)
    first = await node.sends("encounter.reported", people.girl_found(), to=[])
    lost = json.dumps(await posted(node, first["index"]))
    (home / "node-unsent.json").write_text(lost, encoding="utf-8")  # as if it had died before it read the answer
    (home / "node-sequence").unlink()
    second = await node.sends("encounter.reported", people.girl_found(), to=[])
    assert second["index"] == first["index"] + 1  # the first was a repeat, and got no second leaf
    assert (home / "node-sequence").read_text() == "2"


async def test_a_message_that_was_stored_is_not_given_up_for_its_repeats_refusal(node: NodeAgency) -> None:
    home = node.made.home(OURS)
    first = await node.sends("encounter.reported", people.girl_found(), to=[])
    lost = json.dumps(await posted(node, first["index"]))
    (home / "node-unsent.json").write_text(lost, encoding="utf-8")  # as if it had died before it read the answer
    (home / "node-sequence").unlink()
    await grow(node.made)
    await node.sends("encounter.reported", people.girl_found(), to=[])
    assert (home / "node-sequence").read_text() == "2"


async def test_what_nobody_signed_refuses_nothing_and_what_was_never_stored_is_refused_in_the_end(
    node: NodeAgency,
) -> None:
    home, draft = node.made.home(OURS), node.draft("encounter.reported", people.girl_found(), to=[])
    program, *rest = node.command
    behind_a_proxy = replace(node, command=(program, "--import", LOGIN, *rest))
    code, lines, errors = await behind_a_proxy.run("send", draft)
    assert (code, lines) == (1, []) and "kept: 403 undefined, not signed by the exchange" in errors, errors
    kept = (home / "node-unsent.json").read_bytes()

    await grow(node.made)
    path = node.made.folder / "exchange" / "root.json"
    root = json.loads(path.read_bytes())
    path.write_text(json.dumps({**root, "max_delay_s": -60}), encoding="utf-8")  # nothing can be under way any more
    code, lines, errors = await node.run("send", draft)
    assert (code, lines) == (1, []) and "a reader of this part is missing" in errors, errors
    assert kept and not (home / "node-unsent.json").exists()
    await node.sends("encounter.reported", people.girl_found(), to=[])
    assert (home / "node-sequence").read_text() == "1"
    path.write_text(json.dumps(root), encoding="utf-8")


@pytest.mark.parametrize(("change", "why"), [("another key", "unknown key"), ("more must sign", "is not authentic")])
async def test_it_believes_no_directory_that_its_root_does_not_vouch_for(
    node: NodeAgency, change: str, why: str
) -> None:
    path = node.made.folder / "exchange" / "root.json"
    root = json.loads(path.read_bytes())
    if change == "another key":
        root["governance"]["keys"][0] = PrivateJwk.generate("Ed25519").public.as_dict()
    else:
        root["governance"]["threshold"] = 3
    path.write_text(json.dumps(root), encoding="utf-8")
    code, lines, errors = await node.run("inbox")
    assert (code, lines) == (1, []) and why in errors
