"""Signs checkpoints, as long as its key is in force: a tree is signed by a key in force after its leaves (ADR 8)."""

from collections.abc import Iterable
from typing import Final

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import checkpoint
from hifadhi.evidence.checkpoint import Checkpoint, SigningKeys
from hifadhi.evidence.jws import MESSAGE, read_envelope
from hifadhi.evidence.leaf import parse as parse_leaf
from hifadhi.evidence.ledger_keys import LedgerKeys
from hifadhi.referral import message
from hifadhi.referral.root import Root
from hifadhi.referral.statements import GovernanceRotated

NOT_IN_FORCE: Final = "LEDGER_KEY"


class KeyNotInForce(Refused):
    """This registry's ledger key must not sign the tree that is committed; a registry with another one may."""

    def __init__(self, size: int) -> None:
        says = (
            f"the ledger key here is not in force after {size} leaves; nothing is lost and nothing more is published: "
            "start the registry with a ledger key of the root in force (`hifadhi directory show` lists them)"
        )
        super().__init__(Fault(NOT_IN_FORCE, "", says))


class LedgerSigner:
    """The registry's private keys, and the ledger keys in force as far as the statements' rows were taken."""

    def __init__(self, root: Root, held: SigningKeys) -> None:
        self._keys = LedgerKeys.of(root)
        self._held = {private.public_key().public_bytes_raw(): private for private in held}
        self.last = -1

    def take(self, statements: Iterable[tuple[int, bytes]]) -> None:
        """Recorded statements behind `last`, each with its index, in order."""
        for index, raw in statements:
            if root := root_brought(raw):
                self._keys = self._keys.rotated(index, root)
            self.last = index

    def check(self, size: int) -> None:
        """`KeyNotInForce`, if a tree of so many leaves is another key's to sign."""
        if self._keys.first_size(self._held, size) != size:
            raise KeyNotInForce(size)

    def next_size(self, wanted: int) -> int:
        """The smallest size from `wanted` on that this key signs. There is one: the committed size was checked."""
        return self._keys.first_size(self._held, wanted) or wanted

    def note(self, size: int, root: bytes) -> str:
        """The checkpoint, signed by those of the keys that are in force."""
        self.check(size)
        now = self._keys.at(size)
        signing = [self._held[jwk.public] for jwk in now.ledger_keys if jwk.public in self._held]
        return checkpoint.sign(Checkpoint(now.origin, size, root), *signing)


def root_brought(raw: bytes) -> Root | None:
    """The new root in a recorded statement's leaf, if it is a rotation."""
    header = message.parse(read_envelope(parse_leaf(raw).envelope, typ=MESSAGE).payload)
    return header.root if isinstance(header, GovernanceRotated) else None
