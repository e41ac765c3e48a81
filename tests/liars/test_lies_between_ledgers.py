"""Lies that no ledger shows by itself, each leaf of it as the rules give it: others hold something against it.

An agency's receipts (`hifadhi verify FOLDER --receipts FILE`), a checkpoint that was seen elsewhere (`--checkpoint`),
or what a mirror had before (`hifadhi mirror`).
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hifadhi.agency.auditor import dossier, dossier_making
from hifadhi.agency.composing.compose import Message
from hifadhi.agency.known.latest_checkpoint import LatestCheckpoint
from hifadhi.agency.wire.receipt import check_receipt
from hifadhi.errors import Refused, Tampered
from hifadhi.referral.directory import Directory
from liars import ledger_lies
from liars import view_lies as lies
from liars.liar import Caught, Liar, lie
from liars.served import Hub

SENT = "TZ-RSD"


def test_withhold_a_message(liar: Liar) -> None:
    at = liar.at("unrelated")
    position = liar.leaves[at].ruling.position
    why = f"a receipt promises a leaf for position {position}, and none stands before this"
    told = lies.withhold_a_message(liar)
    assert liar.caught(told, receipts=[liar.honest.receipts[SENT]]) == Caught(at, why)


def test_withhold_the_newest_message_is_open_until_the_ledger_goes_on(liar: Liar) -> None:
    held = liar.passes(lies.withhold_the_newest_message(liar), receipts=[liar.honest.receipts[SENT]])
    assert [promise.id for promise in held.open] == [liar.said(liar.at("last"))["id"]]


def test_withhold_a_message_behind_a_receipt_that_says_no_instant(liar: Liar) -> None:
    """Nobody could hold it against a ledger: its agency does not take it, and whoever is handed it charges the hub."""
    at = liar.at("unrelated")
    token, posted = liar.receipt(at, stored_at="soon"), Message(*liar.named(at), 1, b"")
    assert lie(lambda: check_receipt(token.decode(), posted, Directory.of(liar.root))).why == (
        "the receipt does not say where and when the message is stored"
    )
    assert lie(lambda: liar.passes(lies.withhold_a_message(liar), receipts=[token])).why == (
        "line 1: a gateway signed a receipt that does not say where and when"
    )


def test_drop_a_message_and_deny_the_receipt(liar: Liar) -> None:
    """A receipt is signed by the gateway's key of the root: one line is enough, whoever kept it."""
    at = liar.at("unrelated")
    assert liar.caught(lies.withhold_a_message(liar), receipts=[liar.receipt(at)]).index == at


def test_reorder_by_ruling_in_another_order(liar: Liar) -> None:
    why = "its position is another message's, by a receipt"
    told = lies.reorder_by_ruling_in_another_order(liar)
    assert liar.passes(told).report.leaves == len(liar.leaves)
    assert liar.caught(told, receipts=[liar.honest.receipts[SENT]]) == Caught(liar.at("unrelated"), why)


def test_backdate_within_what_the_neighbours_allow(liar: Liar) -> None:
    """Without the receipt nothing contradicts it."""
    told = lies.backdate_within_what_the_neighbours_allow(liar)
    assert liar.passes(told).report.leaves == len(liar.leaves)
    why = "stored at another instant than its receipt says"
    assert liar.caught(told, receipts=[liar.honest.receipts[SENT]]) == Caught(liar.at("last"), why)


def test_postdate_a_message(liar: Liar) -> None:
    why = "stored at another instant than its receipt says"
    told = lies.postdate_a_message(liar)
    assert liar.caught(told, receipts=[liar.honest.receipts[SENT]]) == Caught(liar.at("last"), why)


def test_fork_two_views_of_one_size(liar: Liar) -> None:
    size = len(liar.leaves)
    why = f"the ledger shows two histories: its tree of {size} leaves has another root elsewhere"
    seen = max(liar.honest.checkpoints.values(), key=lambda note: int(note.split(b"\n")[1]))
    assert int(seen.split(b"\n")[1]) == size
    assert liar.caught(lies.fork_of_the_same_size(liar), views=[seen]) == Caught(None, why)


def test_fork_two_views_of_different_sizes(liar: Liar) -> None:
    """An older checkpoint accuses as well: the larger tree has to begin with it."""
    earlier = liar.honest.earlier["checkpoint"]
    size = int(earlier.split(b"\n")[1])
    assert size < len(liar.leaves)
    with pytest.raises(Tampered, match=f"two histories: its tree of {size} leaves"):
        liar.compared(earlier, lies.fork_that_an_older_checkpoint_shows(liar))
    assert liar.compared(earlier, liar.honest.files).size == size


def test_fork_before_an_agencys_eyes(liar: Liar, tmp_path: Path) -> None:
    """It keeps the newest checkpoint for ever, and now the other one too: two roots for one size are the proof."""
    forked = lies.fork_of_the_same_size(liar)["checkpoint"]
    latest = LatestCheckpoint(liar.root, tmp_path / "checkpoint")
    latest.take(liar.honest.files["checkpoint"], at_least=0)
    size = len(liar.leaves)
    found = lie(lambda: latest.take(forked, at_least=size))
    kept = tmp_path / "checkpoint.two-roots-1"
    assert found.why.startswith(f"the ledger shows two trees of {size} leaves; the checkpoint lies in {kept}, ")
    assert kept.read_bytes() == forked
    assert (tmp_path / "checkpoint.two-roots-1.known").read_bytes() == liar.honest.files["checkpoint"]


def test_fork_for_a_judge(liar: Liar) -> None:
    """One leaf cannot show that its ruling is wrong, its checkpoint can: an auditor holds it against the ledger."""
    at = liar.at("accepted")
    with pytest.raises(Tampered):
        dossier_making.make(ledger_lies.rule_wrongly(liar), liar.honest.root_bytes, str(at))
    handed_over = lies.fork_for_a_judge(liar)
    assert dossier.open_dossier(handed_over, liar.root).leaf.ruling.responsible == "ZA-DHA"
    why = f"the ledger shows two histories: its tree of {len(liar.leaves)} leaves has another root elsewhere"
    assert lie(lambda: liar.compared(handed_over["checkpoint"], liar.honest.files)) == Caught(None, why)


def test_forge_a_message_for_a_judge(liar: Liar) -> None:
    handed_over = lies.forge_a_message_for_a_judge(liar)
    why = "not its sender's, as the directory stood: SIGNATURE"
    assert lie(lambda: dossier.open_dossier(handed_over, liar.root)) == Caught(liar.at("accepted"), why)


def test_answer_for_another_agency_before_a_judge(liar: Liar) -> None:
    handed_over = lies.answer_for_another_agency_before_a_judge(liar)
    why = "not its sender's, as the directory stood: SENDER_MISMATCH"
    assert lie(lambda: dossier.open_dossier(handed_over, liar.root)) == Caught(liar.at("accepted"), why)


def test_swap_a_key_for_a_judge(liar: Liar) -> None:
    handed_over = lies.swap_a_key_for_a_judge(liar)
    assert lie(lambda: dossier.open_dossier(handed_over, liar.root)).index == lies.statement(liar)


def test_roll_back_before_an_agencys_eyes(liar: Liar, tmp_path: Path) -> None:
    latest = LatestCheckpoint(liar.root, tmp_path / "checkpoint")
    latest.take(liar.honest.files["checkpoint"], at_least=0)
    size, again = len(liar.leaves), LatestCheckpoint(liar.root, tmp_path / "checkpoint")
    earlier = liar.honest.earlier["checkpoint"]
    shown = int(earlier.split(b"\n")[1])
    why = f"the ledger has shrunk: {size} leaves were known, {shown} are shown; "
    assert lie(lambda: again.take(earlier, at_least=again.size)).why.startswith(why)
    kept = (tmp_path / "checkpoint.smaller-1").read_bytes()
    assert kept == earlier and liar.compared(kept, liar.honest.files).size == shown  # proves nothing: it is true


def test_roll_back_an_auditor_who_has_only_the_old_mirror(liar: Liar) -> None:
    """He cannot judge a newer checkpoint, and says so; he does not call it agreed."""
    with pytest.raises(Refused, match="NEWER"):
        liar.passes(dict(liar.honest.earlier), views=[liar.honest.files["checkpoint"]])


def test_a_checkpoint_of_another_key_accuses_nobody(liar: Liar) -> None:
    forged = liar.honest.files["checkpoint"].replace(b"\n\n", b"\nx\n\n", 1)
    with pytest.raises(Tampered):
        liar.compared(forged, liar.honest.files)


@pytest.fixture
async def mirrored(liar: Liar, tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub over HTTP, and an auditor's folder that has mirrored the honest ledger from it."""
    async with Hub(liar, tmp_path / "copy") as hub:
        await hub.mirror()
        yield hub


async def test_roll_back_before_a_mirrors_eyes(mirrored: Hub, liar: Liar) -> None:
    mirrored.files = dict(liar.honest.earlier)
    size = int(liar.honest.earlier["checkpoint"].split(b"\n")[1])
    with pytest.raises(Tampered, match=f"rolled back: {len(liar.leaves)} leaves are here, it shows {size}"):
        await mirrored.mirror()
    assert dict(mirrored.copy) == liar.honest.files


async def test_fork_before_a_mirrors_eyes(mirrored: Hub, liar: Liar) -> None:
    """The mirror names the index, and keeps what it had."""
    mirrored.files = lies.fork_that_has_grown(liar)
    with pytest.raises(Tampered) as caught:
        await mirrored.mirror()
    assert caught.value.index == liar.at("last")
    assert dict(mirrored.copy) == liar.honest.files
