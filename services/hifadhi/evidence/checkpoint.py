"""Checkpoints (C2SP tlog-checkpoint v1): which tree the ledger stands by, signed under a key named after its origin.

Rules for a checkpoint, and the attack that each stops:

1. The origin is the expected one: another ledger's tree shown for this one.
2. Exactly three lines, no extension: words that the ledger signs and no auditor sees.
3. The size is in decimal without leading zeros and possible, the root 32 bytes: one tree in two spellings.
4. A tree without leaves has the empty root: a ledger that begins with something unseen.
5. A key of the origin's name has signed: a checkpoint that only a witness vouches for.
6. Of each type of key that the origin is known to have, one has signed: the post-quantum signature stripped, and the
   other one forged.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from hifadhi.errors import Tampered
from hifadhi.evidence import b64
from hifadhi.evidence import note as signed_note
from hifadhi.evidence.note import SigningKey, Verifier
from hifadhi.evidence.tree import EMPTY_ROOT, HASH_BYTES, MAX_SIZE

SigningKeys: TypeAlias = tuple[Ed25519PrivateKey] | tuple[Ed25519PrivateKey, MLDSA44PrivateKey]

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tree of a ledger: its origin, its size in leaves, its root of 32 bytes."""

    origin: str
    size: int
    root: bytes

    def body(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64.encode(self.root)}\n"


def parse(text: str, origin: str) -> Checkpoint:
    """The checkpoint of a note's text, whose signatures the caller has checked; else Tampered."""
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:  # noqa: PLR2004 - rule 2: three lines, each with its newline
        raise Tampered("a checkpoint has three lines: origin, size and root")
    if lines[0] != origin or not origin:  # rule 1
        raise Tampered("the checkpoint is of another origin")
    size, root = parse_number(lines[1]), b64.decode(lines[2])
    if len(root) != HASH_BYTES:  # rule 3
        raise Tampered(f"a checkpoint's root is {HASH_BYTES} bytes long")
    if size == 0 and root != EMPTY_ROOT:  # rule 4
        raise Tampered("the root of a tree without leaves is the hash of nothing")
    return Checkpoint(origin, size, root)


def parse_number(text: str) -> int:
    """A size or an index: decimal, no leading zeros, at most `MAX_SIZE` (rule 3); else Tampered."""
    if not _NUMBER.fullmatch(text) or int(text) > MAX_SIZE:
        raise Tampered("a size or an index is a decimal number below 2**63 without leading zeros")
    return int(text)


def sign(checkpoint: Checkpoint, private: SigningKey, *more: SigningKey) -> str:
    """The checkpoint as a note by these keys. Tampered, if nobody could open it; Refused: SCHEMA, if it has no name."""
    parse(checkpoint.body(), checkpoint.origin)
    return signed_note.sign(checkpoint.body(), name=checkpoint.origin, private=private, more=more)


def unsigned(note: str | bytes, origin: str | None = None) -> Checkpoint:
    """What a note says of itself, no signature checked: which keys may sign it depends on its size. Tampered."""
    text = signed_note.plain_text(note).rpartition("\n\n")[0] + "\n"
    return parse(text, origin or text.partition("\n")[0])


def open_checkpoint(note: str | bytes, origin: str, verifiers: Sequence[Verifier]) -> Checkpoint:
    """The checkpoint of a note signed by one of these keys of each type with the origin's name; else Tampered."""
    opened = signed_note.open_note(note, verifiers)
    signed, known = ({one.alg for one in each if one.name == origin} for each in (opened.verified, verifiers))
    if not signed:  # rule 5
        raise Tampered("the checkpoint is not signed by a known key of its origin")
    if signed != known:  # rule 6
        raise Tampered("the checkpoint lacks a signature: its origin has keys of two types, and one of each must sign")
    return parse(opened.text, origin)
