"""A small exchange for the tests of the lifecycle: its agencies with their keys, headers of every type, a ledger."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import count
from typing import Any, NamedTuple

from hifadhi.evidence import jws, strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral import directory_changes, instant, message, root
from hifadhi.referral.case import Case, Clock, Referral, Sealed
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import GOVERNANCE, Header
from hifadhi.referral.message import HEADERS
from hifadhi.referral.part_names import PARTS
from hifadhi.referral.rules import rules
from hifadhi.referral.table import KIND, SIDE, Kind, Side
from hifadhi.referral.verdict import Known, Verdict

HOUR = 3_600_000
DAY = 24 * HOUR
NOW = instant.parse("2026-11-23T10:00:00.000Z")
DIGEST = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

MZ, ZA, TZ, MW, UNHCR, WATCH, STATS = "MZ-INAR", "ZA-DHA", "TZ-RSD", "MW-DOR", "UNHCR-RO", "IOM-WATCH", "IOM-STATS"
ROLES = {
    MZ: ("MOZ", ["state", "focal"], "+02:00"),
    ZA: ("ZAF", ["state", "focal"], "+02:00"),
    TZ: ("TZA", ["focal"], "+03:00"),
    MW: ("MWI", ["state"], "+02:00"),
    UNHCR: ("CHE", ["observer"], "+01:00"),
    WATCH: ("CHE", ["detection"], "+01:00"),
    STATS: ("CHE", ["statistics"], "+01:00"),
}
STATES = (MW, MZ, TZ, ZA)
READ_BY_ROLE = {"movement": WATCH, "statistics": STATS}

GOVERNORS = [PrivateJwk.generate("Ed25519") for _ in range(3)]
IDENTITY = {agency: PrivateJwk.generate("Ed25519") for agency in ROLES}
SIGN = {agency: PrivateJwk.generate("Ed25519") for agency in ROLES}
READ = {agency: PrivateJwk.generate("P-256") for agency in ROLES}
COUNTERSIGN = {agency: PrivateJwk.generate("Ed25519") for agency in STATES}

_ids = count(1)

Json = dict[str, Any]


def uuid(number: int) -> str:
    return f"01920000-0000-7000-8000-{number:012x}"


def root_document(**members: Any) -> Json:
    document = {
        "format": 1,
        "origin": "hub.example/hifadhi",
        "max_delay_s": 60,
        "rules": 1,
        "governance": {"keys": [key.public.as_dict() for key in GOVERNORS], "threshold": 2},
        "hub": {"ledger": [HUB_LEDGER.public.as_dict()], "gateway": [HUB_GATEWAY.public.as_dict()]},
    }
    return {**document, **members}


HUB_LEDGER, HUB_GATEWAY = PrivateJwk.generate("Ed25519"), PrivateJwk.generate("P-256")
ROOT = root.parse(strict_json.dump(root_document()))


def payload(kind: str, sender: str, to: tuple[str, ...] | None = None, /, **members: Any) -> Json:
    """A header's members; those given as None are left out. A message has a new id, and its type's parts."""
    document = {
        "format": 1,
        "id": uuid(next(_ids)),
        "type": kind,
        "from": sender,
        "sent_at": instant.write(NOW),
        "sequence": 1,
        **({} if to is None else {"to": list(to)}),
        **members,
        **({"parts": list(_parts(kind, sender, to or ()))} if kind in PARTS else {}),
    }
    return {name: value for name, value in document.items() if value is not None}


def _parts(kind: str, sender: str, to: tuple[str, ...]) -> Iterator[Json]:
    for name in PARTS[kind]:
        readers = {sender, READ_BY_ROLE[name]} if name in READ_BY_ROLE else {sender, *to}
        schema = f"{kind}.{name}/1"
        digests = {"digest": DIGEST, "commitment": DIGEST}
        yield {"name": name, "schema": schema, "suite": "ECDH-ES+A256KW", **digests, "readers": sorted(readers)}


def read(document: Json) -> Header:
    return message.parse(strict_json.dump(document))


def header(kind: str, sender: str, to: tuple[str, ...] | None = None, /, **members: Any) -> Header:
    return read(payload(kind, sender, to, **members))


FACTS: Json = {
    "case": uuid(1),
    "referral": uuid(2),
    "in_reply_to": uuid(2),
    "other_case": uuid(0),
    "transfer": uuid(3),
    "arrival_due": instant.write(NOW + 3 * DAY),
    "seen": 1,
    "urgency": "standard",
    "kind": "service",
    "reason": "SCHEMA",
    "answer": "yes",
    "responsible": MZ,
    "digests": [DIGEST],
}
OF_A_LATER_ENCOUNTER = {"encounter.reported": {"case": uuid(1)}}


def any_message(kind: str, sender: str, to: str, /, **members: Any) -> Json:
    """A header of any type about a case, with the facts that it must have."""
    fields = HEADERS[kind].model_fields
    facts = {name: value for name, value in FACTS.items() if name in fields and fields[name].is_required()}
    return payload(kind, sender, (to,), **{**facts, **OF_A_LATER_ENCOUNTER.get(kind, {}), **members})


def admitted(agency: str, /, **members: Any) -> Json:
    country, roles, offset = ROLES.get(agency, ("ZMB", ["state"], "+02:00"))
    said = {"agency": agency, "name": "An agency", "country": country, "roles": roles, "utc_offset": offset}
    identity = IDENTITY.get(agency, PrivateJwk.generate("Ed25519")).public.as_dict()
    return payload("agency.admitted", GOVERNANCE, **{**said, "identity": identity, **members})


def key_added(agency: str, use: str, key: PrivateJwk, /, **members: Any) -> Json:
    return payload("key.added", agency, **{"agency": agency, "use": use, "key": key.public.as_dict(), **members})


def key_revoked(sender: str, agency: str, kid: str, /, **members: Any) -> Json:
    return payload("key.revoked", sender, agency=agency, kid=kid, **members)


def removed(agency: str, successor: str | None = None) -> Json:
    return payload("agency.removed", GOVERNANCE, agency=agency, successor=successor)


def arranged(sender: str, other: str, /, **members: Any) -> Json:
    said: Json = {"arrangement": "MZ-ZA-2026", "other": other, "deadlines": [], "observers": [], "legal_bases": []}
    return payload("arrangement.published", sender, **{**said, **members})


def declared(sender: str = MZ, /, **members: Any) -> Json:
    said: Json = {"origins": ["SOM"], "basis": "OAU1969", "title": "Who fled the south", "since": "2026-01-15"}
    return payload("declaration.published", sender, **{**said, **members})


def directory_after(*statements: Json, start: Directory | None = None) -> Directory:
    return reduce(
        lambda directory, said: directory_changes.evolve(directory, read(said)), statements, start or Directory.of(ROOT)
    )


DIRECTORY = directory_after(
    *(admitted(agency) for agency in ROLES),
    *(key_added(agency, "sign", key) for agency, key in SIGN.items()),
    *(key_added(agency, "read", key) for agency, key in READ.items()),
)


def signed(document: Json, *keys: PrivateJwk) -> jws.Envelope:
    return jws.sign(strict_json.dump(document), typ=jws.MESSAGE, keys=keys)


class Entry(NamedTuple):
    """A leaf: what it rules on, when, how, and the case after it."""

    subject: Header | Clock
    stored_at: int
    verdict: Verdict | None
    case: Case | None


@dataclass
class Ledger:
    """The pure rules on an ordered list of leaves, without signatures and bytes."""

    directory: Directory = DIRECTORY
    now: int = NOW
    cases: dict[str, Case] = field(default_factory=dict)
    past: dict[str, Sealed] = field(default_factory=dict)
    leaves: list[Entry] = field(default_factory=list)

    def post(self, said: Header) -> Verdict:
        """Rules on a message now; everything due is lapsed already."""
        case = self.cases.get(said.about)
        verdict = rules(1).decide(said, case, Known(self.past, self.cases, self.directory))
        if verdict.code is None:
            case = self._effect(said, case, verdict)
            self.cases[case.id] = case
        sealed = Sealed(
            index=len(self.leaves),
            digest=said.id,
            type=said.type,
            sender=said.sender,
            to=said.addressees,
            case=case.id if case else "",
            recorded=verdict.code is None,
        )
        self.past.setdefault(said.id, sealed)
        self.leaves.append(Entry(said, self.now, verdict, case))
        return verdict

    def _effect(self, said: Header, case: Case | None, verdict: Verdict) -> Case:
        if case and verdict.irregular:
            return rules(1).joined(case, said)
        return rules(1).evolve(case, said, self.now, self.directory, self.past)

    def wait(self, milliseconds: int) -> list[Clock]:
        """Moves time on; what lapses on the way, in order."""
        self.now += milliseconds
        lapsed = []
        while (clock := self.next_clock()) and clock.due <= self.now:
            self.lapse(clock)
            lapsed.append(clock)
        return lapsed

    def lapse(self, clock: Clock) -> None:
        case = self.cases[clock.case] = rules(1).lapse(self.cases[clock.case], clock, self.directory)
        self.leaves.append(Entry(clock, self.now, None, case))

    def next_clock(self) -> Clock | None:
        return min((clock for case in self.cases.values() for clock in case.clocks), default=None)

    def opened(self, sender: str = MZ, to: tuple[str, ...] = ()) -> Case:
        """A new case, by an encounter."""
        said = header("encounter.reported", sender, to)
        assert self.post(said) == Verdict()
        return self.cases[said.id]

    def planned(self, case: str, **members: Any) -> Referral:
        """A new referral with a transfer that is proposed and agreed."""
        referral = self.requested(case, **members)
        for kind in ("referral.accepted", "transfer.proposed", "transfer.agreed"):
            assert self.answer(kind, referral) == Verdict()
        return self.referral(referral.id)

    def met(self, case: str, agency: str) -> str:
        """The id of a later encounter in a case."""
        said = header("encounter.reported", agency, (), case=case)
        assert self.post(said) == Verdict()
        return said.id

    def requested(self, case: str, to: str = ZA, /, **members: Any) -> Referral:
        """A new referral by the responsible agency."""
        now = self.cases[case]
        said = {"case": case, "urgency": "standard", "seen": now.version, "kind": "responsibility", **members}
        asked = header("referral.requested", now.responsible, (to,), **said)
        assert self.post(asked) == Verdict()
        return self.cases[case].referrals[asked.id]

    def answer(self, kind: str, referral: Referral, /, **members: Any) -> Verdict:
        """What comes of a message within a referral, from the side that may send it, on the version in force."""
        case = next(case for case in self.cases.values() if referral.id in case.referrals)
        return self.post(within(kind, case.id, case.referrals[referral.id], **members))

    def referral(self, referral: str) -> Referral:
        return next(case.referrals[referral] for case in self.cases.values() if referral in case.referrals)


def within(kind: str, case: str, referral: Referral, /, **members: Any) -> Header:
    """A message within a referral, from the side that may send it, on the version in force."""
    sides = (referral.receiver, referral.sender)
    sender, to = sides if SIDE[kind] is Side.RECEIVER else reversed(sides)
    said: Json = {"case": case, "referral": referral.id}
    if KIND[kind] is Kind.DECISION:
        said["seen"] = referral.version
    if "transfer" in HEADERS[kind].model_fields:
        said["transfer"] = (*referral.transfers, uuid(7))[-1 if kind == "transfer.proposed" else 0]
    if kind == "transfer.proposed":
        said["arrival_due"] = instant.write(NOW + 3 * DAY)
    said |= members
    return header(kind, said.pop("sender", sender), (said.pop("to", to),), **said)


def bounced(case: str, sender: str, to: str, broken: str) -> Header:
    return header("message.bounced", sender, (to,), case=case, in_reply_to=broken, reason="UNOPENABLE")
