"""What the agency's commands print: in words, or as one line of JSON each. What was opened is shown to its agency."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, Final

from hifadhi.agency.countersigning import Examined
from hifadhi.agency.known.known_directory import KnownDirectory
from hifadhi.agency.receiving.opening import Item
from hifadhi.agency.receiving.standing import Standing
from hifadhi.agency.sending.outbox import Settled
from hifadhi.agency.sending.sent import Sent
from hifadhi.agency.wire.receipt import Receipt, Rejection
from hifadhi.errors import Fault, HifadhiError, Refused
from hifadhi.evidence.leaf import Ruling
from hifadhi.referral import parts
from hifadhi.referral.closed import Closed
from hifadhi.referral.corrections import Change
from hifadhi.referral.directory import IDENTITY, Agency
from hifadhi.referral.header import GOVERNANCE
from hifadhi.referral.statements import STATEMENTS
from hifadhi.referral.table import SUBJECT

_TOLD_IN_WORDS: Final = {"format", "type", "sender", "to", "sent_at", "parts"}
_SIGNED: Final[Mapping[str, Callable[[Any], str]]] = {
    "dispute.resolved": lambda said: (
        f"{said.sender} and {said.to[0]} settle their dispute on case {said.case}: "
        f"{said.responsible} owes protection from here on."
    ),
    "departure.confirmed": lambda said: (
        f"The person of case {said.case} left for {', '.join(said.to)}; {said.sender} owes protection until arrival."
    ),
    "arrangement.published": lambda said: (
        f"{said.sender} and {said.other} arrange for their states how they refer to each other, as {said.arrangement}."
    ),
}
"""What each type of two signatures comes to."""


def say(text: str) -> None:
    """Lines on stdout, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def say_json(document: Mapping[str, Any]) -> None:
    """One line of JSON on stdout."""
    say(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def complain(error: HifadhiError | str) -> None:
    """What is wrong, on stderr; a line for each fault. Control characters of a foreign answer are not passed on."""
    faults = [_fault(fault) for fault in error.faults] if isinstance(error, Refused) else [str(error)]
    for line in faults:
        sys.stderr.write("".join(c if c.isprintable() else "?" for c in line) + "\n")


def directory(known: KnownDirectory) -> str:
    """The agencies with their keys, and the tree in which they were proved."""
    lines = [f"ledger of {known.latest.size} leaves; governance signs with {known.directory.threshold}"]
    lines += [f"    {key['use']:<12}{key['kid']}{_revoked(key)}" for key in _hub_keys(known)]
    for agency in sorted(known.directory.agencies.values(), key=lambda one: one.id):
        roles = ", ".join(sorted(agency.roles))
        suspended = "  suspended" if agency.id in known.directory.suspended else ""
        lines.append(f"{agency.id}  {agency.name}  ({agency.country}, {roles}, UTC{agency.utc_offset}){suspended}")
        lines += [
            f"    {key['use']:<12}{key['kind']:<10}{key['kid']}{_revoked(key)}" for key in _keys(known, agency.id)
        ]
    lines += [
        f"code list {name}: version {newest.version}, {newest.digest}"
        for name, newest in sorted(known.directory.code_lists.items())
    ]
    return "\n".join(lines)


def directory_json(known: KnownDirectory) -> dict[str, Any]:
    """The same for programs."""
    agencies = [_agency_json(known, agency) for agency in known.directory.agencies.values()]
    governance = {
        "threshold": known.directory.threshold,
        "rotations": known.directory.rotations,
        "keys": _keys(known, GOVERNANCE),
    }
    lists = {name: asdict(newest) for name, newest in known.directory.code_lists.items()}
    return {
        "size": known.latest.size,
        "after": known.after,
        "governance": governance,
        "hub": {use: [key["kid"] for key in _hub_keys(known) if key["use"] == use] for use in ("ledger", "gateway")},
        "agencies": agencies,
        "code_lists": lists,
    }


def _agency_json(known: KnownDirectory, agency: Agency) -> dict[str, Any]:
    suspended = agency.id in known.directory.suspended
    return {
        **asdict(agency), "roles": sorted(agency.roles), "suspended": suspended, "keys": _keys(known, agency.id)
    }  # fmt: skip


def sent(done: Sent) -> str:
    """A message's receipt and ruling."""
    lines = [f"{done.id}: {_stored(done)}"]
    if done.ruling is None:
        lines.append("not sealed yet; the ruling comes with the inbox")
    else:
        ruled = _ruled(done.ruling.ruling, done.ruling.code, irregular=done.ruling.irregular)
        lines.append(f"{ruled} at index {done.ruling.index}")
    return "\n".join(lines)


def _stored(done: Sent) -> str:
    if done.receipt:
        return f"stored at {done.receipt.stored_at}, position {done.receipt.position}"
    return "stored; its receipt was lost, the leaf proves it" if done.ruling else "answered before"


def sent_json(done: Sent) -> dict[str, Any]:
    """The same for programs."""
    return {
        "id": done.id,
        "receipt": asdict(done.receipt) if done.receipt else None,
        "ruling": asdict(done.ruling) if done.ruling else None,
    }


def kept(outcomes: Sequence[Settled], doubted: int) -> str:
    """What became of the messages that had been kept; how many are still in doubt."""
    lines = [_settled(one) for one in outcomes]
    if doubted:
        lines.append(
            f"{doubted} refused now, and perhaps stored before: kept until that is known; ask again in some minutes"
        )
    return "\n".join(lines) or "nothing was kept"


def _settled(outcome: Settled) -> str:
    if isinstance(outcome, Receipt):
        return f"{outcome.id}: stored at {outcome.stored_at}"
    if isinstance(outcome, Rejection):
        return refused_later(outcome)
    return f"{outcome.id}: stored; its receipt was lost, {outcome.ruling} at index {outcome.index}"


def refused_later(rejection: Rejection) -> str:
    """Of a message that had been kept."""
    return f"{rejection.id}: kept until it could be posted, and refused: {rejection.refusal}"


def to_be_signed(examined: Examined) -> str:
    """What a second signature will stand under, in words, with all that the message says and this agency may read."""
    header = examined.file.header
    facts = header.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=_TOLD_IN_WORDS)
    to = f", to {', '.join(header.addressees)}" if header.addressees else ""
    lines = [
        f"{header.type} of {header.sender}{to}, prepared at {header.sent_at}",
        f"    {_SIGNED[header.type](header)}",
    ]
    lines += [f"    {name}: {_text(value)}" for name, value in facts.items()]
    lines += [f"    {name}: {_text(parts.as_json(body))}" for name, body in examined.bodies.items()]
    lines += [f"{header.sender}'s signature holds. You sign the same for {examined.agency}, with key {examined.kid}."]
    return "\n".join(lines)


def item(taken: Item) -> str:
    """What came: the ruling, who says what to whom, and what this agency may read."""
    ruling, header = taken.leaf.ruling, taken.header
    what = header.type if header else f"clock {ruling.clock}" if ruling.clock else "a message that cannot be read"
    ruled = _ruled(ruling.ruling, ruling.code, irregular=bool(ruling.irregular))
    lines = [f"#{taken.index}  {ruling.stored_at}  {ruled}  {what}"]
    if ruling.clock:
        lines.append(f"    case {ruling.case}  {_ran_on(ruling)}  was due {ruling.due}")
    if header:
        to = f"  to {', '.join(header.addressees)}" if header.addressees else ""
        case = "" if header.type in STATEMENTS else f"  case {header.about}"
        lines.append(f"    {header.id}  from {header.sender}{to}{case}")
    lines += [f"    {name}: {_text(body)}" for name, body in _bodies(taken.bodies).items()]
    lines += [f"    {_changed(change)}" for change in taken.changes]
    lines += [f"    problem: {_fault(fault)}" for fault in taken.problems]
    lines += [f"    {part}: sealed more weakly than its readers' keys allow" for part in taken.weaker]
    return "\n".join(lines)


def _ruled(ruling: str, code: str | None, *, irregular: bool) -> str:
    return f"{ruling}{f' with {code}' if code else ''}{', irregular: without effect' if irregular else ''}"


def _ran_on(ruling: Ruling) -> str:
    """What a lapsed clock ran on."""
    subject = SUBJECT.get(ruling.clock or "", "referral")
    return f"{subject} {ruling.subject}"


def item_json(taken: Item) -> dict[str, Any]:
    """The same for programs."""
    ruling = {name: value for name, value in asdict(taken.leaf.ruling).items() if value is not None}
    header = taken.header.model_dump(mode="json", by_alias=True, exclude_none=True) if taken.header else None
    return {
        "index": taken.index,
        "role": taken.role,
        "ruling": ruling,
        "header": header,
        "bodies": _bodies(taken.bodies),
        "changes": [_change_json(change) for change in taken.changes],
        "problems": [asdict(fault) for fault in taken.problems],
        "weaker": list(taken.weaker),
    }


def stands(one: Standing) -> str:
    """A message as it stands, and under it what was corrected in it, by which message."""
    lines = [item(replace(one.item, bodies=one.bodies))]
    for by, changes in one.corrections:
        lines += [
            f"    {_changed(change)} (message {by.header.id if by.header else ''}, #{by.index})" for change in changes
        ]
    return "\n".join(lines)


def stands_json(one: Standing) -> dict[str, Any]:
    """The same for programs."""
    corrections = [
        {
            "by": by.header.id if by.header else None,
            "index": by.index,
            "changes": [_change_json(each) for each in changes],
        }
        for by, changes in one.corrections
    ]
    return {**item_json(replace(one.item, bodies=one.bodies)), "corrections": corrections}


def _changed(change: Change) -> str:
    where, reason = f"/{change.part}{change.correction.pointer}", change.correction.reason.text
    if change.fault:
        return f"not corrected at {where}: {change.fault.message} ({reason})"
    return f"corrected at {where}: {_text(change.before)} is now {_text(change.after)} ({reason})"


def _change_json(change: Change) -> dict[str, Any]:
    corrected = {"part": change.part, **parts.as_json(change.correction)}
    if change.fault:
        return {**corrected, "applied": False, "problem": asdict(change.fault)}
    return {**corrected, "applied": True, "before": change.before, "after": change.after}


def _bodies(of: Mapping[str, Closed]) -> dict[str, dict[str, object]]:
    return {name: parts.as_json(body) for name, body in of.items()}


def _keys(known: KnownDirectory, agency: str) -> list[dict[str, Any]]:
    order = (IDENTITY, "sign", "countersign", "read")
    keys = [(kid, key) for kid, key in known.directory.keys.items() if key.agency == agency]
    return [
        {"kid": kid, "use": key.use, "kind": key.jwk.kind, "revoked": key.revoked}
        for kid, key in sorted(keys, key=lambda pair: order.index(pair[1].use))
    ]


def _hub_keys(known: KnownDirectory) -> list[dict[str, Any]]:
    """The keys of the root in force, governance's too where lines are made of them."""
    uses = known.directory.root.uses
    return [{"kid": kid, "use": use, "revoked": False} for kid, use in sorted(uses.items(), key=lambda pair: pair[1])]


def _revoked(key: Mapping[str, Any]) -> str:
    return "  revoked" if key["revoked"] else ""


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _fault(fault: Fault) -> str:
    where = f" at {fault.pointer}" if fault.pointer else ""
    return f"{fault.code}{where}: {fault.message}"
