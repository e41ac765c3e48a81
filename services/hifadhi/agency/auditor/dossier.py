"""The evidence of one leaf, for a judge who has nothing but `root.json`: files by name. Pure.

`leaf` with `leaf.tlog-proof` (C2SP tlog-proof), `envelope.json` (the signed message; a lapse has none), for every
statement of the directory `directory/INDEX` with its proof, `checkpoint`, `policy` (C2SP tlog-policy), `root.json`,
`VERIFY.md`.

Rules for opening one, and the attack that each stops:

1. The checkpoint is signed by a ledger key of the judge's own root, and `root.json` in it is that root: evidence from
   an exchange that somebody made up.
2. Leaf and statements are each proved by that one checkpoint, at their index: a leaf or a key that was never sealed.
3. Each statement was valid when it was sealed: a key that nobody let in.
4. `envelope.json` is what the leaf rules on: a message shown beside the ruling on another.
5. Its sender's keys, valid at this index, signed what was recorded, as its type asks; known keys, what was refused: a
   message of the hub's making.
6. There is nothing else in it: words that look as if they had been proved.

What one leaf cannot show: that its ruling follows from the leaves before it, and that no statement was left out. The
whole ledger does (`hifadhi verify FOLDER`). Nothing in `VERIFY.md` is believed.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from hifadhi.agency.known.known_directory import evolved
from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import leaf as leaves
from hifadhi.evidence import proof as proofs
from hifadhi.evidence.audit import CHECKPOINT, claimed_checkpoint
from hifadhi.evidence.checkpoint import Checkpoint, open_checkpoint
from hifadhi.evidence.findings import KEY_IN_DOUBT, Finding
from hifadhi.evidence.jwk import Jwk
from hifadhi.evidence.jws import MESSAGE, Envelope, read_envelope
from hifadhi.evidence.leaf import RECORDED, Leaf
from hifadhi.evidence.ledger_keys import ledger_verifiers
from hifadhi.evidence.tree import leaf_hash, verify_inclusion
from hifadhi.referral import admission, instant, message
from hifadhi.referral import root as root_file
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import Header
from hifadhi.referral.root import Root
from hifadhi.referral.statements import KeyRevoked

LEAF: Final = "leaf"
PROOF: Final = ".tlog-proof"
ENVELOPE: Final = "envelope.json"
POLICY: Final = "policy"
ROOT: Final = "root.json"
PAGE: Final = "VERIFY.md"
_ALWAYS: Final = frozenset({LEAF, LEAF + PROOF, CHECKPOINT, POLICY, ROOT, PAGE})
_STATEMENT: Final = re.compile(r"directory/([0-9]{10,19})")

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose key signed, and the index of the statement that added it; None for a key of `root.json`."""

    agency: str
    key: Jwk
    added: int | None


@dataclass(frozen=True, slots=True)
class Proven:
    """A leaf that stands by itself. `header` is None of a lapse, and of a refused message that breaks its schema.

    `findings`: a key that signed it was revoked later, as invalid since before this leaf.
    """

    index: int
    leaf: Leaf
    checkpoint: Checkpoint
    header: Header | None
    signers: tuple[Signer, ...]
    findings: tuple[Finding, ...]


@dataclass(slots=True)
class _Members:
    """The directory as the statements before an index left it, where each key was added, and who was revoked later.

    `newest`: as all statements of the dossier leave it.
    """

    directory: Directory
    newest: Directory
    added: dict[str, int] = field(default_factory=dict)
    revoked: list[KeyRevoked] = field(default_factory=list)


def statement_name(index: int) -> str:
    """The file of the statement at this index."""
    return f"directory/{index:010}"


def policy(root: Root) -> bytes:
    """Whose checkpoints count, for tools that read C2SP tlog-policy: the ledger keys in force; no witness yet."""
    return "".join([*(f"log {each.format()}\n" for each in ledger_verifiers(root)), "quorum none\n"]).encode()


def open_dossier(files: Files, root: Root) -> Proven:
    """What the dossier proves; else Tampered."""
    claimed = claimed_checkpoint(files, root)
    index, leaf = _proved(files, LEAF, claimed), leaves.parse(_file(files, LEAF))
    members = _members(files, root, claimed, index)
    now = members.newest.root
    checkpoint = open_checkpoint(files[CHECKPOINT], now.origin, ledger_verifiers(now))  # rule 1
    if root_file.parse(_file(files, ROOT)) != root or _file(files, POLICY) != policy(now):
        raise Tampered("the dossier was made for another root than yours")
    envelope = _envelope(files, leaf, index)
    header, signers = _signed(index, leaf, envelope, members) if envelope else (None, ())
    _check_names(files, is_message=envelope is not None)
    return Proven(index, leaf, checkpoint, header, signers, tuple(_doubts(index, leaf, signers, members)))


def _proved(files: Files, name: str, checkpoint: Checkpoint) -> int:
    """Rule 2: the index at which the checkpoint's tree has the file's bytes; else Tampered."""
    entry, proof = _file(files, name), proofs.parse(_file(files, name + PROOF))
    if proof.checkpoint_note.encode() != files[CHECKPOINT]:
        raise Tampered(f"{name}{PROOF} is for another checkpoint", index=proof.index)
    try:
        verify_inclusion(leaf_hash(entry), proof.index, checkpoint.size, proof.hashes, checkpoint.root)
    except Tampered as why:
        raise Tampered(f"{name}: {why}", index=proof.index) from None
    return proof.index


def _members(files: Files, root: Root, checkpoint: Checkpoint, index: int) -> _Members:
    """Rules 2 and 3: who is in the exchange at this index."""
    directory = Directory.of(root)
    members = _Members(directory, directory)
    for at in _statements(files):
        if _proved(files, statement_name(at), checkpoint) != at:
            raise Tampered("a statement of the directory stands under another index than its own", index=at)
        before, directory = directory, evolved(directory, at, files[statement_name(at)])
        if at < index:
            members.directory = directory
            members.added |= dict.fromkeys(directory.keys.keys() - before.keys.keys(), at)
        elif isinstance(revoked := _header(files[statement_name(at)]), KeyRevoked):
            members.revoked.append(revoked)
    members.newest = directory
    return members


def _envelope(files: Files, leaf: Leaf, index: int) -> Envelope | None:
    """Rule 4. None of a lapse."""
    if not leaf.envelope:
        return None
    if _file(files, ENVELOPE) != leaf.envelope:
        raise Tampered(f"{ENVELOPE} is not what the leaf rules on", index=index)
    try:
        return read_envelope(leaf.envelope, typ=MESSAGE)
    except Refused:
        raise Tampered("what was sealed is no envelope", index=index) from None


def _signed(index: int, leaf: Leaf, envelope: Envelope, members: _Members) -> tuple[Header | None, tuple[Signer, ...]]:
    """Rule 5."""
    directory, is_recorded, header = members.directory, leaf.ruling.ruling == RECORDED, None
    try:
        admission.check_signatures(envelope, _said(envelope), directory)
        header = message.parse(envelope.payload)
        if is_recorded:
            admission.check_keys(envelope, header, directory)
            admission.check_standing(header, directory)
    except Refused as refusal:
        if is_recorded or refusal.code in {"KEY_UNKNOWN", "ALGORITHM", "SIGNATURE"}:
            raise Tampered(f"not its sender's, as the directory stood: {refusal.code}", index=index) from None
    keys = [directory.keys[signature.kid] for signature in envelope.signatures]
    return header, tuple(Signer(key.agency, key.jwk, members.added.get(key.jwk.kid)) for key in keys)


def _doubts(index: int, leaf: Leaf, signers: tuple[Signer, ...], members: _Members) -> Iterator[Finding]:
    for revoked in members.revoked:
        for signer in signers:
            if signer.key.kid == revoked.kid and _since(revoked) <= instant.parse(leaf.ruling.stored_at):
                says = "revoked later, as invalid since before this leaf was stored; the leaf stands"
                yield Finding(KEY_IN_DOUBT, signer.agency, signer.key.kid, index, says)


def _since(revoked: KeyRevoked) -> int:
    """Milliseconds UTC; beyond every leaf, if the revocation names no instant."""
    if revoked.invalid_since is None:
        return sys.maxsize
    try:
        return instant.parse(revoked.invalid_since)
    except Refused:  # 30 February: the schema cannot refuse it; as `verify` takes it
        return 0


def _header(raw: bytes) -> Header:
    return message.parse(read_envelope(leaves.parse(raw).envelope, typ=MESSAGE).payload)


def _said(envelope: Envelope) -> Header | None:
    """A rotation brings keys that sign it; None of what breaks its schema."""
    try:
        return message.parse(envelope.payload)
    except Refused:
        return None


def _statements(files: Files) -> list[int]:
    found = (_STATEMENT.fullmatch(name) for name in files)
    return sorted(int(match[1]) for match in found if match)


def _check_names(files: Files, *, is_message: bool) -> None:
    """Rule 6."""
    statements = {statement_name(at) for at in _statements(files)}
    known = _ALWAYS | statements | {name + PROOF for name in statements} | ({ENVELOPE} if is_message else set())
    if surplus := sorted(files.keys() - known):
        raise Tampered(f"{len(surplus)} files of the dossier are none that it proves anything by")


def _file(files: Files, name: str) -> bytes:
    raw = files.get(name)
    if raw is None:
        raise Tampered(f"the dossier has no {name}")
    return raw
