"""A bundle on its way from the process that read it to the one that decides: plain values, in one piece of bytes.

Pickled as the objects that they are, entries cost a third of the signature checks that the other process saves. Typed
headers are made on arrival, which costs less than to bring them. Both ends are one program: marshal is for nobody else.
"""

import marshal
from operator import attrgetter
from typing import Any, Final

from hifadhi.errors import Refused
from hifadhi.evidence import submission as submissions
from hifadhi.evidence.bundle import Bundle
from hifadhi.evidence.entry import Entry
from hifadhi.evidence.jws import Envelope, Signature
from hifadhi.evidence.leaf import Leaf, Ruling
from hifadhi.evidence.submission import Submission

_SIGNATURE: Final = attrgetter("protected", "alg", "kid", "typ", "value")


def pack(bundle: Bundle) -> bytes:
    """The bundle, its payloads' JSON read."""
    return marshal.dumps((bundle.first, [_packed(entry) for entry in bundle.entries], bundle.broken))


def unpack(raw: bytes) -> Bundle:
    """The bundle that was packed, by a process of ours, of this very program."""
    first, entries, broken = marshal.loads(raw)  # noqa: S302 (no stranger's bytes)
    return Bundle(first, tuple(_entry(*entry) for entry in entries), broken)


def _packed(entry: Entry) -> tuple[Any, ...]:
    leaf, submission = entry.leaf, entry.submission
    return (
        (entry.hash, entry.why, entry.cause, entry.is_signed),
        leaf and (leaf.ruling.said(), leaf.envelope),
        submission and _packed_submission(submission),
    )


def _packed_submission(submission: Submission) -> tuple[Any, ...]:
    envelope = submission.envelope
    return envelope.payload, [_SIGNATURE(one) for one in envelope.signatures], _document(submission)


def _document(submission: Submission) -> tuple[Any, ...]:
    """Nothing, if the payload is no JSON: who asks for it is told so there."""
    try:
        return (submission.document,)
    except Refused:
        return ()


def _entry(alone: tuple[Any, ...], leaf: tuple[Any, ...] | None, submission: tuple[Any, ...] | None) -> Entry:
    hashed, why, cause, is_signed = alone
    if leaf is None:
        return Entry(hashed, None, why)
    said, raw = leaf
    read = None if submission is None else _submission(raw, *submission)
    return Entry(hashed, Leaf(Ruling(**said), raw), why, read, cause, is_signed)


def _submission(raw: bytes, payload: bytes, signatures: list[tuple[Any, ...]], document: tuple[Any, ...]) -> Submission:
    envelope = Envelope(payload, tuple(Signature(*one) for one in signatures))
    return submissions.read_before(raw, envelope, *document)
