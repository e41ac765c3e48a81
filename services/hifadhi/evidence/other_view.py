"""A checkpoint that was seen elsewhere, held against this ledger: one that shows two histories is caught. Pure.

1. Ledger keys in force after its leaves signed it: somebody else's tree is no accusation.
2. The ledger's first leaves, as many as it has, give its root: two histories of one ledger, or one that was rewritten.
"""

from collections.abc import Mapping

from hifadhi.errors import Fault, Refused, Tampered
from hifadhi.evidence.audit import edge_at
from hifadhi.evidence.checkpoint import Checkpoint, unsigned
from hifadhi.evidence.ledger_keys import LedgerKeys


def check(note: bytes, files: Mapping[str, bytes], size: int, keys: LedgerKeys) -> Checkpoint:
    """The checkpoint of the note, if these files, `size` leaves that were audited, begin with its tree; else Tampered.

    Refused: NEWER, if it has more leaves than they: then this copy cannot judge it.
    """
    claimed = unsigned(note).size
    if claimed > size:
        says = f"that checkpoint has {claimed} leaves, this copy {size}; mirror again, and compare then"
        raise Refused(Fault("NEWER", "", says))
    other = keys.open(note)  # rule 1
    found = edge_at(files, other.size, size).root()
    if found != other.root:  # rule 2
        raise Tampered(f"the ledger shows two histories: its tree of {other.size} leaves has another root elsewhere")
    return other
