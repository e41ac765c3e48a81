"""A checkpoint that was seen elsewhere, held against this ledger: one that shows two histories is caught. Pure.

1. The root's ledger keys signed it: somebody else's tree is no accusation.
2. The ledger's first leaves, as many as it has, give its root: two histories of one ledger, or one that was rewritten.
"""

from collections.abc import Mapping

from hifadhi.errors import Fault, Refused, Tampered
from hifadhi.evidence.audit import edge_at, ledger_verifiers, read_checkpoint
from hifadhi.evidence.checkpoint import Checkpoint, open_checkpoint
from hifadhi.referral.root import Root


def check(note: bytes, files: Mapping[str, bytes], root: Root) -> Checkpoint:
    """The checkpoint of the note, if these files, which have been audited, begin with its tree; else Tampered.

    Refused: NEWER, if it has more leaves than they: then this copy cannot judge it.
    """
    other = open_checkpoint(note, root.origin, ledger_verifiers(root))  # rule 1
    size = read_checkpoint(files, root).size
    if other.size > size:
        says = f"that checkpoint has {other.size} leaves, this copy {size}; mirror again, and compare then"
        raise Refused(Fault("NEWER", "", says))
    found = edge_at(files, other.size, size).root()
    if found != other.root:  # rule 2
        raise Tampered(f"the ledger shows two histories: its tree of {other.size} leaves has another root elsewhere")
    return other
