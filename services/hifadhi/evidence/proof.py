"""A file that proves one entry to be in the ledger, without the ledger (C2SP tlog-proof v1, `.tlog-proof`).

Rules, and the attack that each stops:

1. The file has one spelling: every line as `format` writes it.
2. The checkpoint in it is signed under the expected origin: a tree that somebody made up for this proof.
3. The hashes lead from the entry to that checkpoint's root: an entry that was never sealed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hifadhi.errors import Tampered
from hifadhi.evidence import b64
from hifadhi.evidence import checkpoint as signed_checkpoint
from hifadhi.evidence.checkpoint import Checkpoint, parse_number
from hifadhi.evidence.note import Verifier, plain_text
from hifadhi.evidence.tree import HASH_BYTES, leaf_hash, verify_inclusion

MAX_HASHES: Final = 63
"""The height of the highest tree."""

_FIRST_LINE: Final = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, slots=True)
class Proof:
    """The index of an entry, its audit path with the leaf's sibling first, and the checkpoint's note.

    `extra` is opaque and not authenticated: we write none, and read it in no decision.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint_note: str
    extra: bytes = b""

    def format(self) -> str:
        """The file's text."""
        extra = [f"extra {b64.encode(self.extra)}"] if self.extra else []
        lines = [_FIRST_LINE, *extra, f"index {self.index}", *map(b64.encode, self.hashes), "", self.checkpoint_note]
        return "\n".join(lines)

    def verify(self, entry: bytes, origin: str, verifiers: Sequence[Verifier]) -> Checkpoint:
        """The checkpoint whose tree has this entry at `index`; else Tampered."""
        checkpoint = signed_checkpoint.open_checkpoint(self.checkpoint_note, origin, verifiers)  # rule 2
        verify_inclusion(leaf_hash(entry), self.index, checkpoint.size, self.hashes, checkpoint.root)  # rule 3
        return checkpoint


def parse(text: str | bytes) -> Proof:
    """The proof of a file's text, nothing verified yet; else Tampered."""
    head, blank, note = plain_text(text).partition("\n\n")
    first, *lines = head.split("\n")
    if first != _FIRST_LINE or not blank:
        raise Tampered(f"a proof begins with {_FIRST_LINE}, and has an empty line before its checkpoint")
    extra = lines.pop(0)[len("extra ") :] if lines and lines[0].startswith("extra ") else None
    if extra == "" or not lines or not lines[0].startswith("index "):
        raise Tampered("a proof gives the index of its entry, behind extra data if it has any")
    if len(lines) > 1 + MAX_HASHES:
        raise Tampered(f"a proof has at most {MAX_HASHES} hashes")
    index = parse_number(lines[0].removeprefix("index "))
    return Proof(index, tuple(map(_hash, lines[1:])), note, b64.decode(extra or ""))


def _hash(line: str) -> bytes:
    raw = b64.decode(line)
    if len(raw) != HASH_BYTES:
        raise Tampered(f"a proof's hashes are {HASH_BYTES} bytes long")
    return raw
