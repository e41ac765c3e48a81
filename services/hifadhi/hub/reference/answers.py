"""The bodies of requests and answers, as types (`wire.md` §§1, 2, 5). What is absent is left out, never null."""

from typing import Annotated, Any, Literal

from pydantic import Field

from hifadhi.evidence.jws import MAX_PAYLOAD, MAX_SIGNATURES
from hifadhi.evidence.proof import MAX_HASHES
from hifadhi.evidence.strict_json import MAX_INTEGER
from hifadhi.referral.closed import AgencyId, Closed, Digest, Instant, Items, Maybe, Urgency, Uuid7, pattern
from hifadhi.referral.overlays import Link
from hifadhi.referral.table import State

Index = Annotated[int, Field(ge=0, le=MAX_INTEGER, description="A place in the ledger.")]
Size = Annotated[int, Field(ge=0, le=MAX_INTEGER, description="So many leaves, counted from the first.")]
After = Annotated[int, Field(ge=-1, le=MAX_INTEGER, description="Where the next page begins: 'after' of its request.")]
Base64Url = Annotated[str, pattern(r"^[A-Za-z0-9_-]*$")]
CompactJws = Annotated[str, pattern(r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$")]
ProblemCode = Annotated[str, pattern(r"^[A-Z][A-Z_]*$")]


class Signature(Closed):
    """One signature of a message's header; the first is the sender's."""

    protected: Base64Url
    signature: Base64Url


class Envelope(Closed):
    """A JWS in General JSON form (RFC 7515), `typ` hifadhi-message+jws. What its payload holds: schemas/messages/."""

    payload: Annotated[Base64Url, Field(max_length=MAX_PAYLOAD * 4 // 3)]
    signatures: Annotated[Items[Signature], Field(min_length=1, max_length=MAX_SIGNATURES)]


class Message(Closed):
    """A signed header and its sealed parts, each a JWE in General JSON form (RFC 7516) as a string."""

    header: Envelope
    parts: Annotated[dict[str, str], Field(json_schema_extra={"maxProperties": 16})]


class Accepted(Closed):
    """These bytes are stored and will be ruled on; `receipt` is a compact JWS of `typ` hifadhi-receipt+jws."""

    receipt: CompactJws


class ProblemError(Closed):
    """One thing wrong: a stable code, where (RFC 6901), why and how to mend it. It repeats no value."""

    pointer: str
    code: ProblemCode
    message: str


class Problem(Closed):
    """RFC 9457. `type`: a page that says how to mend it. `evidence`: what the gateway signed, hifadhi-refusal+jws.

    `followed`, of NOT_SEALED_YET: in how many leaves the message is not.
    """

    type: Annotated[str, pattern(r"^/problems/[A-Z][A-Z_]*$")]
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    code: ProblemCode
    errors: Annotated[Items[ProblemError], Field(min_length=1)]
    evidence: Maybe[CompactJws] = None
    followed: Maybe[Size] = None


class Item(Closed):
    """A leaf in an agency's inbox, with those of its parts that the agency reads, by name."""

    index: Index
    role: Literal["addressee", "reader", "sender", "party"]
    leaf: Base64Url
    parts: dict[str, str]
    erased: Items[str]


class InboxPage(Closed):
    """Items in the ledger's order. `done`: whether there were no more."""

    data: Annotated[Items[Item], Field(max_length=500)]
    after: After
    done: bool


class HandOver(Closed):
    """An agency that has it in its inbox; `at`: when it fetched it."""

    agency: AgencyId
    at: Maybe[Instant] = None


class Delivered(HandOver):
    """An agency that has it in its inbox; `at`: when it fetched it; `answered`: when its own system confirmed it."""

    answered: Maybe[Instant] = None


class MessageStatus(Closed):
    """What became of a message; of a reused id, of its first payload. `irregular`: on record, and without effect."""

    id: Uuid7
    digest: Digest
    state: Literal["sealed"]
    ruling: Literal["recorded", "refused"]
    code: Maybe[ProblemCode] = None
    irregular: Maybe[Literal[True]] = None
    index: Index
    delivered: Items[Delivered]


class CaseReferral(Closed):
    """A request of one agency to another, and where it stands. `transfer`: the one proposed last."""

    id: Uuid7
    kind: Literal["service", "responsibility"]
    urgency: Urgency
    sender: AgencyId
    receiver: AgencyId
    state: State
    version: Annotated[int, Field(ge=1)]
    transfer: Maybe[Uuid7] = None


class CaseClock(Closed):
    """A running deadline, and what it runs on: a referral, an agency or a message."""

    clock: str
    referral: Maybe[Uuid7] = None
    agency: Maybe[AgencyId] = None
    message: Maybe[Uuid7] = None
    due: Instant


class CaseView(Closed):
    """A case, to its parties. `responsible`: null while it is closed. `unconfirmed`: agencies by consent message."""

    case: Uuid7
    version: Annotated[int, Field(ge=1)]
    closed: bool
    responsible: AgencyId | None
    parties: Items[AgencyId]
    referrals: Items[CaseReferral]
    clocks: Items[CaseClock]
    contested: Items[AgencyId]
    unconfirmed: dict[str, Items[AgencyId]]
    links: dict[str, Link]
    index: Index


class Statement(Closed):
    """A leaf of the directory, with its inclusion proof (RFC 6962) in the page's checkpoint, the sibling first."""

    index: Index
    leaf: Base64Url
    proof: Annotated[Items[Digest], Field(max_length=MAX_HASHES)]


class DirectoryPage(Closed):
    """Directory leaves in order, proven in the tree of `checkpoint`, a signed note (C2SP tlog-checkpoint)."""

    data: Annotated[Items[Statement], Field(max_length=100)]
    after: After
    done: bool
    checkpoint: str


class Alive(Closed):
    """The process runs."""

    alive: Literal[True]


class Ready(Closed):
    """Whether all services of this process work; with `?verbose` what is wrong with each, null if nothing."""

    ready: bool
    services: Maybe[dict[str, Any]] = None
