"""The liar: whoever operates the hub. All that it stores and all of its keys are in his hands; the agencies' are not.

He rewrites consistently: tiles, bundles and checkpoint are made again and signed with the true ledger keys, and where a
lie moves what follows, everything is ruled again by the registry's own fold.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from hifadhi.agency.auditor import dossier, dossier_making
from hifadhi.agency.auditor.cross_check import Checked, cross_check
from hifadhi.errors import Tampered
from hifadhi.evidence import b64u, jws, other_view, strict_json
from hifadhi.evidence.audit import claimed_checkpoint
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.fold import Fold, NewLeaf
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.jws import MESSAGE, RECEIPT, Envelope
from hifadhi.evidence.leaf import Leaf, Ruling, parse
from hifadhi.evidence.ledger_keys import LedgerKeys
from hifadhi.referral import instant
from hifadhi.referral.directory import Directory
from liars.real_exchange import RealExchange
from sealed_ledgers import archive

Files = dict[str, bytes]


@dataclass(frozen=True)
class Stored:
    """A record of `submissions`: an envelope, or b"" for a tick that only brought the time."""

    position: int
    time_ms: int
    raw: bytes


@dataclass(frozen=True)
class Caught:
    """Where and why."""

    index: int | None
    why: str


class Liar:
    """Starts from what the honest hub has sealed; each method gives leaves or files, and changes nothing of it."""

    def __init__(self, honest: RealExchange) -> None:
        self.honest, self.root = honest, honest.root

    @cached_property
    def leaves(self) -> list[Leaf]:
        """The honest leaves."""
        return [parse(raw) for raw in self.honest.leaves]

    def at(self, name: str) -> int:
        """The index at which something of the history stands."""
        return self.honest.index[name]

    @property
    def lapse(self) -> int:
        """The index of the first lapse."""
        return next(index for index, leaf in enumerate(self.leaves) if leaf.ruling.ruling == "lapsed")

    def sealed(self, leaves: Sequence[Leaf | bytes], second: PrivateJwk | None = None) -> Files:
        """The files of a ledger of these leaves, its checkpoint signed with the hub's own keys, or another second."""
        raw = [leaf.to_bytes() if isinstance(leaf, Leaf) else leaf for leaf in leaves]
        private, other = self.honest.ledger_key.key, (second or self.honest.ledger_pq_key).key
        assert isinstance(private, Ed25519PrivateKey) and isinstance(other, MLDSA44PrivateKey)
        return archive(raw, private, self.root.origin, other)

    def submissions(self) -> list[Stored]:
        """The stream as its leaves show it: one record for each position."""
        found: dict[int, Stored] = {}
        for leaf in self.leaves:
            position, time_ms = leaf.ruling.position, instant.parse(leaf.ruling.stored_at)
            found[position] = Stored(position, time_ms, leaf.envelope)
        return list(found.values())

    def ruled(self, stored: Sequence[Stored]) -> list[Leaf]:
        """What the registry makes of this stream: lapses first, then the message."""
        fold, leaves = Fold(Directory.of(self.root)), list[Leaf]()
        for record in stored:
            while lapse := fold.lapse(record.position, record.time_ms):
                leaves.append(lapse.leaf)
            outcome = fold.rule(record.position, record.time_ms, record.raw) if record.raw else None
            leaves.extend([outcome.leaf] if isinstance(outcome, NewLeaf) else [])
        return leaves

    def without(self, index: int) -> list[Leaf]:
        """The ledger that never knew a message, everything else ruled as if it had not been sent."""
        gone = self.leaves[index].ruling.position
        return self.ruled([record for record in self.submissions() if record.position != gone])

    def with_ruling(self, index: int, **said: object) -> list[Leaf]:
        """The ledger with other words in one ruling, and everything else as it was."""
        leaf = self.leaves[index]
        fields = {name: getattr(leaf.ruling, name) for name in Ruling.__slots__} | said
        return self.with_leaf(index, Leaf(Ruling(**fields), leaf.envelope))

    def with_envelope(self, index: int, raw: bytes) -> list[Leaf]:
        """The ledger with another message under one ruling."""
        return self.with_leaf(index, Leaf(self.leaves[index].ruling, raw))

    def with_leaf(self, index: int, leaf: Leaf) -> list[Leaf]:
        """The ledger with one leaf exchanged."""
        return [*self.leaves[:index], leaf, *self.leaves[index + 1 :]]

    def envelope(self, index: int) -> Envelope:
        """The message in a leaf."""
        return jws.read_envelope(self.leaves[index].envelope, typ=MESSAGE)

    def signed(self, payload: Mapping[str, object], *keys: PrivateJwk, as_kid: str | None = None) -> bytes:
        """An envelope by these keys; `as_kid`: that claims to be by another one."""
        envelope = jws.sign(strict_json.dump(payload), typ=MESSAGE, keys=keys)
        if as_kid is None:
            return envelope.to_bytes()
        document = json.loads(envelope.to_bytes())
        private = keys[0]
        header = strict_json.dump({"alg": private.public.alg, "kid": as_kid, "typ": MESSAGE})
        document["signatures"][0] = {
            "protected": b64u.encode(header),
            "signature": b64u.encode(private.sign(f"{b64u.encode(header)}.{document['payload']}".encode())),
        }
        return json.dumps(document, separators=(",", ":")).encode()

    def said(self, index: int) -> dict[str, object]:
        """What the message in a leaf says."""
        said = strict_json.parse(self.envelope(index).payload)
        assert isinstance(said, dict)
        return said

    def named(self, index: int) -> tuple[str, str, str]:
        """The id, the sender and the digest of the message in a leaf."""
        said = self.said(index)
        return str(said["id"]), str(said["from"]), self.envelope(index).digest

    def receipt(self, index: int, **changed: object) -> bytes:
        """A receipt by the hub's own gateway key for the message in a leaf."""
        leaf, (message_id, sender, digest) = self.leaves[index], self.named(index)
        good = {"id": message_id, "digest": digest, "from": sender}
        at = {"position": leaf.ruling.position, "stored_at": leaf.ruling.stored_at, "hub": self.root.origin}
        token = jws.sign_compact(strict_json.dump({**good, **at, **changed}), typ=RECEIPT, key=self.honest.gateway_key)
        return token.encode()

    def dossier_of(self, leaves: Sequence[Leaf], index: int) -> Files:
        """What proves one leaf of such a ledger, as an auditor in league with the hub would hand it over."""
        page = strict_json.parse(self.honest.directory_page)
        statements = [row["index"] for row in page["data"]]
        files = dossier_making.assembled(self.sealed(leaves), self.honest.root_bytes, index, statements, self.root)
        return {**files, dossier.PAGE: b"believe us"}

    def passes(self, files: Files, *, receipts: Sequence[bytes] = (), views: Sequence[bytes] = ()) -> Checked:
        """What the auditor's whole check says of these files."""
        return cross_check(files, self.root, receipts=receipts, views=views)

    def compared(self, note: bytes, files: Mapping[str, bytes]) -> Checkpoint:
        """A checkpoint from elsewhere, held against these files."""
        return other_view.check(note, files, claimed_checkpoint(files, self.root).size, LedgerKeys.of(self.root))

    def caught(self, files: Files, *, receipts: Sequence[bytes] = (), views: Sequence[bytes] = ()) -> Caught:
        """How the same check ends on a lie. The honest ledger, under the same receipts and checkpoints, passes."""
        self.passes(dict(self.honest.files), receipts=receipts, views=views)
        return lie(lambda: self.passes(files, receipts=receipts, views=views))


def lie(told: Callable[[], object]) -> Caught:
    """How it is caught."""
    with pytest.raises(Tampered) as caught:
        told()
    index = caught.value.index
    return Caught(index, str(caught.value).removeprefix(f"index {index}: "))
