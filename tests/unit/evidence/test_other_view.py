import pytest

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import other_view
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.ledger_keys import LedgerKeys
from hifadhi.evidence.note import MAX_NOTE
from sealed_ledgers import Exchange, archive, key, the_root


@pytest.fixture(scope="module")
def leaves() -> list[bytes]:
    """More than one bundle."""
    exchange = Exchange()
    exchange.admit_all()
    for _ in range(260):
        exchange.opened()
    return exchange.leaves


def check(note: bytes, leaves: list[bytes]) -> Checkpoint:
    return other_view.check(note, archive(leaves), len(leaves), LedgerKeys.of(the_root()))


@pytest.mark.parametrize("size", [0, 1, 100, 255, 256, 257, 269, 270])
def test_every_earlier_checkpoint_of_the_ledger_agrees(leaves: list[bytes], size: int) -> None:
    other = archive(leaves[:size])["checkpoint"]
    assert check(other, leaves).size == size


@pytest.mark.parametrize("size", [1, 100, 256, 270])
def test_a_tree_that_the_ledger_does_not_begin_with_is_another_history(leaves: list[bytes], size: int) -> None:
    other = archive([leaves[-1], *leaves[1:size]] if size < 270 else [*leaves[:-1], leaves[0]])["checkpoint"]
    with pytest.raises(Tampered, match=f"two histories: its tree of {size} leaves"):
        check(other, leaves)


def test_a_newer_checkpoint_cannot_be_judged(leaves: list[bytes]) -> None:
    with pytest.raises(Refused) as refused:
        check(archive(leaves)["checkpoint"], leaves[:-1])
    assert refused.value.code == "NEWER"


def test_what_the_ledgers_key_did_not_sign_is_no_checkpoint(leaves: list[bytes]) -> None:
    gateway = key("gateway").key
    for note in (archive(leaves, gateway)["checkpoint"], b"", b"x" * (MAX_NOTE + 1)):  # type: ignore[arg-type]
        with pytest.raises(Tampered):
            check(note, leaves)
