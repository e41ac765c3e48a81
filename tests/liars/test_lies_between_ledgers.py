"""Lies that no ledger shows by itself, each leaf of it as the rules give it: others hold something against it.

An agency's receipts (`hifadhi verify FOLDER --receipts FILE`), a checkpoint that was seen elsewhere (`--checkpoint`),
or what a mirror had before (`hifadhi mirror`).
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hifadhi.agency.access_token import AccessToken
from hifadhi.agency.auditor import dossier, dossier_making
from hifadhi.agency.auditor.archive import Archive
from hifadhi.agency.auditor.mirror import Mirror
from hifadhi.agency.latest_checkpoint import LatestCheckpoint
from hifadhi.agency.transport import Patience, Transport
from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519, ES256, P256
from hifadhi.referral import instant
from liars.liar import Caught, Liar, Stored, lie

SENT = "TZ-RSD"


def test_withhold_a_message(liar: Liar) -> None:
    """It got a receipt and no leaf; the rest is ruled as if it had never been sent."""
    at = liar.at("unrelated")
    position = liar.leaves[at].ruling.position
    files = liar.sealed(liar.without(at))
    why = f"a receipt promises a leaf for position {position}, and none stands before this"
    assert liar.caught(files, receipts=[liar.honest.receipts[SENT]]) == Caught(at, why)


def test_withhold_the_newest_message_is_open_until_the_ledger_goes_on(liar: Liar) -> None:
    at = liar.at("last")
    held = liar.passes(liar.sealed(liar.leaves[:at]), receipts=[liar.honest.receipts[SENT]])
    assert [promise.id for promise in held.open] == [liar.said(at)["id"]]


def test_drop_a_message_and_deny_the_receipt(liar: Liar) -> None:
    """A receipt is signed by the gateway's key of the root: one line is enough, whoever kept it."""
    at = liar.at("unrelated")
    assert liar.caught(liar.sealed(liar.without(at)), receipts=[liar.receipt(at)]).index == at


def test_reorder_by_ruling_in_another_order(liar: Liar) -> None:
    """Two messages of one agency change their positions before anything is ruled."""
    first, second = liar.at("unrelated"), liar.at("last")
    places = {liar.leaves[first].ruling.position: second, liar.leaves[second].ruling.position: first}
    stored = [
        Stored(one.position, one.time_ms, liar.leaves[places[one.position]].envelope) if one.position in places else one
        for one in liar.submissions()
    ]
    why = "its position is another message's, by a receipt"
    files = liar.sealed(liar.ruled(stored))
    assert liar.passes(files).report.leaves == len(liar.leaves)
    assert liar.caught(files, receipts=[liar.honest.receipts[SENT]]) == Caught(first, why)


def test_backdate_within_what_the_neighbours_allow(liar: Liar) -> None:
    """The last message, to the instant of the one before: without the receipt nothing contradicts it."""
    at = liar.at("last")
    backdated = liar.with_ruling(at, stored_at=liar.leaves[at - 1].ruling.stored_at)
    files = liar.sealed(backdated)
    assert liar.passes(files).report.leaves == len(liar.leaves)
    why = "stored at another instant than its receipt says"
    assert liar.caught(files, receipts=[liar.honest.receipts[SENT]]) == Caught(at, why)


def test_postdate_a_message(liar: Liar) -> None:
    """Stored later than it was, so that it comes too late for a deadline."""
    at = liar.at("last")
    later = instant.write(instant.parse(liar.leaves[at].ruling.stored_at) + 3_600_000)
    files = liar.sealed(liar.with_ruling(at, stored_at=later))
    why = "stored at another instant than its receipt says"
    assert liar.caught(files, receipts=[liar.honest.receipts[SENT]]) == Caught(at, why)


def test_fork_two_views_of_one_size(liar: Liar) -> None:
    """The auditor is shown a ledger without one message and with another; the agencies have seen the true one."""
    at = liar.at("last")
    forked = [*liar.leaves[:at], liar.with_ruling(at, stored_at=liar.leaves[at - 1].ruling.stored_at)[at]]
    size = len(liar.leaves)
    why = f"the ledger shows two histories: its tree of {size} leaves has another root elsewhere"
    seen = max(liar.honest.checkpoints.values(), key=lambda note: int(note.split(b"\n")[1]))
    assert int(seen.split(b"\n")[1]) == size
    assert liar.caught(liar.sealed(forked), views=[seen]) == Caught(None, why)


def test_fork_two_views_of_different_sizes(liar: Liar) -> None:
    """An older checkpoint accuses as well: the larger tree has to begin with it."""
    earlier = liar.honest.earlier["checkpoint"]
    size = int(earlier.split(b"\n")[1])
    assert size < len(liar.leaves)
    rewritten = liar.with_ruling(liar.at("stale"), ruling="recorded", code=None)
    with pytest.raises(Tampered, match=f"two histories: its tree of {size} leaves"):
        liar.compared(earlier, liar.sealed(rewritten))
    assert liar.compared(earlier, liar.honest.files).size == size


def test_fork_before_an_agencys_eyes(liar: Liar, tmp_path: Path) -> None:
    """It keeps the newest checkpoint for ever: another root for that size is the proof."""
    at = liar.at("last")
    forked = liar.sealed(liar.with_ruling(at, stored_at=liar.leaves[at - 1].ruling.stored_at))["checkpoint"]
    latest = LatestCheckpoint(liar.root, tmp_path / "checkpoint")
    latest.take(liar.honest.files["checkpoint"], at_least=0)
    size = len(liar.leaves)
    assert lie(lambda: latest.take(forked, at_least=size)) == Caught(
        None, f"the ledger shows two trees of {size} leaves"
    )


def test_fork_for_a_judge(liar: Liar) -> None:
    """A second tree for one dossier, with a wrong ruling in it: one leaf cannot show that, its checkpoint can.

    An auditor holds it against the whole ledger.
    """
    at = liar.at("accepted")
    forked = liar.with_ruling(at, responsible="ZA-DHA")
    with pytest.raises(Tampered):
        dossier_making.make(liar.sealed(forked), liar.honest.root_bytes, str(at))
    handed_over = liar.dossier_of(forked, at)
    assert dossier.open_dossier(handed_over, liar.root).leaf.ruling.responsible == "ZA-DHA"
    why = f"the ledger shows two histories: its tree of {len(liar.leaves)} leaves has another root elsewhere"
    assert lie(lambda: liar.compared(handed_over["checkpoint"], liar.honest.files)) == Caught(None, why)


def test_forge_a_message_for_a_judge(liar: Liar) -> None:
    """In a tree of its own, proved by the true ledger key: the sender's key did not sign it."""
    at = liar.at("accepted")
    named = liar.envelope(at).signatures[0]
    stranger = PrivateJwk.generate(P256 if named.alg == ES256 else ED25519)
    raw = liar.signed(liar.said(at), stranger, as_kid=named.kid)
    handed_over = liar.dossier_of(liar.with_envelope(at, raw), at)
    why = "not its sender's, as the directory stood: SIGNATURE"
    assert lie(lambda: dossier.open_dossier(handed_over, liar.root)) == Caught(at, why)


def test_answer_for_another_agency_before_a_judge(liar: Liar) -> None:
    at = liar.at("accepted")
    raw = liar.signed(liar.said(at), liar.honest.keyrings["TZ-RSD"].sign)
    handed_over = liar.dossier_of(liar.with_envelope(at, raw), at)
    why = "not its sender's, as the directory stood: SENDER_MISMATCH"
    assert lie(lambda: dossier.open_dossier(handed_over, liar.root)) == Caught(at, why)


def test_swap_a_key_for_a_judge(liar: Liar) -> None:
    """With a statement of the hub's making, in a tree made for the purpose."""
    at = next(row["index"] for row in strict_json.parse(liar.honest.directory_page)["data"][1:])
    swapped = liar.with_envelope(at, liar.signed(liar.said(at), PrivateJwk.generate(ED25519)))
    handed_over = liar.dossier_of(swapped, liar.at("accepted"))
    assert lie(lambda: dossier.open_dossier(handed_over, liar.root)).index == at


def test_roll_back_before_an_agencys_eyes(liar: Liar, tmp_path: Path) -> None:
    latest = LatestCheckpoint(liar.root, tmp_path / "checkpoint")
    latest.take(liar.honest.files["checkpoint"], at_least=0)
    size, again = len(liar.leaves), LatestCheckpoint(liar.root, tmp_path / "checkpoint")
    earlier = liar.honest.earlier["checkpoint"]
    shown = int(earlier.split(b"\n")[1])
    why = f"the ledger has shrunk: {size} leaves were known, {shown} are shown"
    assert lie(lambda: again.take(earlier, at_least=again.size)) == Caught(None, why)


def test_roll_back_an_auditor_who_has_only_the_old_mirror(liar: Liar) -> None:
    """He cannot judge a newer checkpoint, and says so; he does not call it agreed."""
    with pytest.raises(Refused, match="NEWER"):
        liar.passes(dict(liar.honest.earlier), views=[liar.honest.files["checkpoint"]])


def test_a_checkpoint_of_another_key_accuses_nobody(liar: Liar) -> None:
    forged = liar.honest.files["checkpoint"].replace(b"\n\n", b"\nx\n\n", 1)
    with pytest.raises(Tampered):
        liar.compared(forged, liar.honest.files)


@pytest.fixture
async def mirrored(liar: Liar, tmp_path: Path) -> AsyncIterator["Hub"]:
    """A hub over HTTP, and an auditor's folder that has mirrored the honest ledger from it."""
    async with Hub(liar, tmp_path / "copy") as hub:
        await hub.mirror()
        yield hub


class Hub:
    """Serves whatever files it is given."""

    def __init__(self, liar: Liar, folder: Path) -> None:
        self.files, self.liar, self.copy = dict(liar.honest.files), liar, Archive(folder)
        app = web.Application()
        app.router.add_get("/ledger/{path:.*}", self._answer)
        self._server = TestServer(app)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.close()

    async def mirror(self) -> None:
        url = str(self._server.make_url("")).rstrip("/")
        token = AccessToken("UNHCR-RO", self.liar.honest.keyrings["ZA-DHA"].sign, url)
        async with Transport(url, token=token, patience=Patience(tries=1, request_s=5)) as transport:
            await Mirror(self.copy, transport, self.liar.root).update()

    async def _answer(self, request: web.Request) -> web.Response:
        return web.Response(body=self.files[request.match_info["path"]])


async def test_roll_back_before_a_mirrors_eyes(mirrored: Hub, liar: Liar) -> None:
    mirrored.files = dict(liar.honest.earlier)
    size = int(liar.honest.earlier["checkpoint"].split(b"\n")[1])
    with pytest.raises(Tampered, match=f"rolled back: {len(liar.leaves)} leaves are here, it shows {size}"):
        await mirrored.mirror()
    assert dict(mirrored.copy) == liar.honest.files


async def test_fork_before_a_mirrors_eyes(mirrored: Hub, liar: Liar) -> None:
    """Rewritten at one index, and grown since: the mirror names the index, and keeps what it had."""
    at = liar.at("last")
    last = liar.leaves[at]
    forked = liar.with_ruling(at, stored_at=liar.leaves[at - 1].ruling.stored_at)
    mirrored.files = liar.sealed([*forked, last])
    with pytest.raises(Tampered) as caught:
        await mirrored.mirror()
    assert caught.value.index == at
    assert dict(mirrored.copy) == liar.honest.files
