"""What an entry of a ledger says by itself: all that can be found out about it without the leaves before it.

That is most of the work of an audit, and it needs no order: so it can be done in many processes at once. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import leaf as leaves
from hifadhi.evidence import submission as submissions
from hifadhi.evidence.jwk import Jwk
from hifadhi.evidence.leaf import Leaf
from hifadhi.evidence.submission import Submission
from hifadhi.evidence.tree import leaf_hash


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry, read as far as it can be. What is wrong with it is told where its turn comes, not here.

    `leaf`: None, if it is none, and `why` says so. `submission`: None of a lapse, and where its envelope does not
    decode: then `cause` is the code. `is_signed`: every signature matches the key that it names, and those keys were at
    hand; False may just mean that they were not.
    """

    hash: bytes
    leaf: Leaf | None
    why: str = ""
    submission: Submission | None = None
    cause: str = ""
    is_signed: bool = False


def read_entry(raw: bytes, keys: Mapping[str, Jwk]) -> Entry:
    """The entry in these bytes; `keys` by kid, those that are at hand."""
    hashed = leaf_hash(raw)
    try:
        leaf = leaves.parse(raw)
    except Tampered as why:
        return Entry(hashed, None, str(why))
    if leaf.ruling.ruling == leaves.LAPSED:
        return Entry(hashed, leaf)
    try:
        submission = submissions.read(leaf.envelope)
    except Refused as refusal:
        return Entry(hashed, leaf, cause=refusal.code)
    return Entry(hashed, leaf, submission=submission, is_signed=_is_signed(submission, keys))


def _is_signed(submission: Submission, keys: Mapping[str, Jwk]) -> bool:
    envelope = submission.envelope
    signers = [keys.get(signature.kid) for signature in envelope.signatures]
    try:
        envelope.check_algorithms()
        return all(key is not None and envelope.claim(n, key).holds() for n, key in enumerate(signers))
    except Refused:
        return False
