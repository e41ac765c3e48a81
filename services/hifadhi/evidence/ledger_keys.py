"""Which ledger keys sign a checkpoint of a size: those in force after so many leaves (ADR 8). Pure.

A rotation is a leaf, so a tree that holds it is signed by the keys that it brings, and a smaller one by those before:
whoever took an old key out of the hub shows no tree that holds its end.
"""

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise
from typing import Self

from hifadhi.evidence import checkpoint
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.note import Verifier
from hifadhi.referral.root import Root


def ledger_verifiers(root: Root) -> list[Verifier]:
    """The keys of checkpoints under this root, under the origin's name."""
    return [Verifier.of(root.origin, jwk) for jwk in root.ledger_keys]


@dataclass(frozen=True, slots=True)
class LedgerKeys:
    """The roots that were in force, each behind the size of the smallest tree that it is in force for, rising."""

    roots: tuple[tuple[int, Root], ...]

    @classmethod
    def of(cls, root: Root) -> Self:
        """Before any rotation."""
        return cls(((0, root),))

    def rotated(self, index: int, root: Root) -> "LedgerKeys":
        """The same with the rotation at this index of the ledger."""
        return LedgerKeys((*self.roots, (index + 1, root)))

    @property
    def newest(self) -> Root:
        """The root in force after all that is known."""
        return self.roots[-1][1]

    def at(self, size: int) -> Root:
        """The root in force after so many leaves."""
        return next(root for first, root in reversed(self.roots) if first <= size)

    def open(self, note: str | bytes) -> Checkpoint:
        """The checkpoint of a note that a key in force after its leaves has signed; else Tampered."""
        origin = self.roots[0][1].origin
        claimed = checkpoint.unsigned(note, origin)
        return checkpoint.open_checkpoint(note, origin, ledger_verifiers(self.at(claimed.size)))

    def first_size(self, held: Collection[bytes], at_least: int) -> int | None:
        """The smallest size from `at_least` on of a tree that these keys sign; None, if there is none as yet.

        `held`: their public bytes.
        """
        ends = [end for (_, _), (end, _) in pairwise(self.roots)]
        spans = zip(self.roots, [*ends, None], strict=True)
        return next(
            (
                max(first, at_least)
                for (first, root), end in spans
                if (end is None or at_least < end) and _suffice(held, root)
            ),
            None,
        )


def _suffice(held: Collection[bytes], root: Root) -> bool:
    """Whether there is one among these of each kind of key that the root lists."""
    kinds = {jwk.kind for jwk in root.ledger_keys}
    return kinds == {jwk.kind for jwk in root.ledger_keys if jwk.public in held}
