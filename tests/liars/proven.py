"""Whether what a victim hands over proves the lie to somebody who has `root.json`: only what the hub signed does."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import proof as proofs
from hifadhi.evidence.audit import CHECKPOINT
from hifadhi.evidence.ledger_keys import LedgerKeys, ledger_verifiers
from hifadhi.evidence.tiles import ENTRIES, Tile, parse_bundle
from hifadhi.evidence.tree import Edge, leaf_hash
from liars.liar import Files, Liar
from liars.shown import Shown
from liars.table import CHECKPOINTS, LEAF, LEDGER, RECEIPT, Row
from sealed_ledgers import archive

CAUGHT_BY: Final = {
    "verify": LEDGER,
    "receipts": RECEIPT,
    "elsewhere": CHECKPOINTS,
    "mirror": CHECKPOINTS,
    "dossier": LEAF,
}


def handed_over(row: Row, shown: Shown) -> str:
    """What kind of proof it would be, if it were one."""
    return CAUGHT_BY.get(row.caught_by.partition(",")[0]) or (LEAF if shown.proofs else CHECKPOINTS)


def _by_ledger(liar: Liar, shown: Shown) -> bool:
    """The leaves themselves are wrong, and the hub signed their root."""
    files = _as_sealed(liar, shown)
    return files is not None and _is_caught(lambda: liar.passes(files))


def _by_receipt(liar: Liar, shown: Shown) -> bool:
    files, receipts = _as_sealed(liar, shown), tuple(liar.honest.receipts.values())
    return files is not None and _is_caught(lambda: liar.passes(files, receipts=receipts))


def _by_checkpoints(liar: Liar, shown: Shown) -> bool:
    """The hub signed both, and one tree does not begin with the other."""
    files = liar.honest.files if shown.ledger is None else shown.ledger
    keys = LedgerKeys.of(liar.root)
    if any(_is_caught(partial(keys.open, note)) for note in (shown.elsewhere, files[CHECKPOINT])):
        return False
    return _is_caught(lambda: liar.compared(shown.elsewhere, files))


def _by_leaf(liar: Liar, shown: Shown) -> bool:
    """The hub signed a tree with a leaf that is none of those that were sent."""
    known = ledger_verifiers(liar.root)
    lied = [(proofs.parse(text), leaf) for text, leaf in shown.proofs if leaf not in liar.honest.leaves]
    return any(not _is_caught(partial(proof.verify, leaf, liar.root.origin, known)) for proof, leaf in lied)


PROVES: Final[Mapping[str, Callable[[Liar, Shown], bool]]] = {
    LEDGER: _by_ledger,
    RECEIPT: _by_receipt,
    CHECKPOINTS: _by_checkpoints,
    LEAF: _by_leaf,
}


def _as_sealed(liar: Liar, shown: Shown) -> Files | None:
    """The ledger of the leaves that are shown, whatever became of the copy; None, if the hub signed no tree of them."""
    assert shown.ledger is not None
    note = shown.ledger[CHECKPOINT]
    try:
        signed = LedgerKeys.of(liar.root).open(note)
        leaves = parse_bundle(shown.ledger[Tile(ENTRIES, 0, signed.size).path()], signed.size)
    except (Tampered, KeyError):
        return None
    root = Edge.empty().extend(map(leaf_hash, leaves)).root()
    return {**archive(leaves, origin=liar.root.origin), CHECKPOINT: note} if root == signed.root else None


def _is_caught(told: Callable[[], object]) -> bool:
    """Not so what cannot be judged yet."""
    try:
        told()
    except (Tampered, Refused) as error:
        return isinstance(error, Tampered)
    return False
