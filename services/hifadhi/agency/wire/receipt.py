"""What the hub says it did with a message, signed: a receipt that it is stored, or the evidence that it was refused.

Rules, and the attack that each stops:

1. Signed by a gateway key that is or was in force, as a receipt or as a refusal: a promise that the hub can deny.
2. By this hub: the receipt of another exchange.
3. Of this very message, by digest (of its bytes, if the gateway could not read it), id and sender: a receipt of
   something else that was stored.
4. It says where and when, or nobody could hold it against the ledger: a promise that cannot be broken.
5. A refusal's signed code and pointers are those shown: an answer that says one thing and signs another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from hifadhi.agency.composing.compose import Message
from hifadhi.errors import Fault, Refused, Tampered
from hifadhi.evidence import b64u, jws, strict_json
from hifadhi.evidence.promise import MAX_TOKEN, OF_MANY, ONE, where_and_when
from hifadhi.referral.directory import Directory

_REFUSAL: Final = ("digest", "code", "errors", "refused_at", "hub")


@dataclass(frozen=True, slots=True)
class Receipt:
    """Stored at `position` of the submissions, to be ruled on within `max_delay_s`; `token` proves it."""

    id: str
    digest: str
    position: int
    stored_at: str
    token: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """The message `id` was not stored by this posting; `evidence` proves who refused it, and why.

    `again`: it was posted before, without an answer, and that may have stored it.
    """

    id: str
    refusal: Refused
    evidence: str
    again: bool = False


def check_receipt(token: object, message: Message, directory: Directory) -> Receipt:
    """The receipt of a message; else Tampered."""
    said = _members(_signed(token, jws.RECEIPT, directory), ONE)
    if said["hub"] != directory.root.origin:  # rule 2
        raise Tampered("the receipt is of another hub")
    if said["from"] != message.sender:  # rule 3
        raise Tampered("the receipt is of another sender's message")
    return _receipt(said, message, str(token))


def check_batch_receipt(token: object, messages: Sequence[Message], directory: Directory) -> list[Receipt]:
    """The receipts of these messages, in this order, out of the one over all of them; else Tampered."""
    lines = _signed(token, jws.RECEIPT, directory)
    if not isinstance(lines, list) or len(lines) != len(messages):  # rule 3
        raise Tampered("the receipt does not list the messages that were accepted")
    return [_receipt(_members(line, OF_MANY), one, str(token)) for line, one in zip(lines, messages, strict=True)]


def check_refusal(
    problem: Mapping[str, Any],
    message: Message,
    directory: Directory,
    *,
    body: bytes | None = None,
    again: bool = False,
) -> Rejection:
    """The rejection that a problem document shows and its evidence proves; else Tampered.

    `body`: what was posted, if not the message alone. `again`: not for the first time.
    """
    refusal, token = Refused(*faults_of(problem)), problem.get("evidence")
    digests = (message.digest, b64u.encode(sha256(message.line if body is None else body).digest()))
    said = _members(_signed(token, jws.REFUSAL, directory), _REFUSAL)
    if said["hub"] != directory.root.origin:  # rule 2
        raise Tampered("the refusal is of another hub")
    if said["digest"] not in digests:  # rule 3; it may be no text
        raise Tampered("the refusal is of another message")
    shown = [{"pointer": fault.pointer, "code": fault.code} for fault in refusal.faults]
    if said["code"] != refusal.code or said["errors"] != shown:  # rule 5
        raise Tampered("the refusal was signed for other reasons than it shows")
    return Rejection(message.id, refusal, str(token), again)


def is_by_unknown_key(token: object, typ: str, directory: Directory) -> bool:
    """Whether it names a key that this directory has for no gateway: a newer one may."""
    try:
        return jws.compact_kid(str(token), typ, max_bytes=MAX_TOKEN) not in directory.gateway_keys
    except Refused:
        return False


def faults_of(problem: Mapping[str, Any]) -> tuple[Fault, ...]:
    """The faults of a problem document (RFC 9457), or one of its own if it is none of this exchange."""
    code, errors = problem.get("code"), problem.get("errors")
    entries = errors if isinstance(errors, list) else []
    faults = tuple(
        Fault(str(each["code"]), str(each["pointer"]), str(each.get("message", "")))
        for each in entries[:64]
        if isinstance(each, dict) and {"code", "pointer"} <= each.keys()
    )
    if faults:
        return faults
    return (
        Fault(code if isinstance(code, str) else "HTTP", "", str(problem.get("title", "refused without a reason"))),
    )


def _receipt(said: Mapping[str, Any], message: Message, token: str) -> Receipt:
    if said["id"] != message.id or said["digest"] != message.digest:  # rule 3
        raise Tampered("the receipt is of another message")
    if not where_and_when(said):  # rule 4
        raise Tampered("the receipt does not say where and when the message is stored")
    return Receipt(message.id, message.digest, said["position"], said["stored_at"], token)


def _signed(token: object, typ: str, directory: Directory) -> object:
    try:
        keys = directory.gateway_keys
        _, payload = jws.verify_compact(str(token), typ=typ, keys=keys, max_bytes=MAX_TOKEN)  # rule 1
        signed: object = strict_json.parse(payload)
    except Refused as error:
        raise Tampered(f"not signed by this hub's gateway: {error}") from error
    return signed


def _members(value: object, names: Sequence[str]) -> dict[str, Any]:
    try:
        return strict_json.members(value, names)
    except Refused as error:
        raise Tampered("what the hub signed has not the members of the design") from error
