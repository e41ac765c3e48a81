"""Small exchanges whose ledgers the auditor's tests seal, read and break. In memory, with real keys."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from hifadhi.evidence import b64u, checkpoint
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.fold import DeadLetter, Fold, NewLeaf, Repeat
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.jws import MESSAGE, sign
from hifadhi.evidence.tile_rows import TileRows
from hifadhi.evidence.tiles import ENTRIES, WIDTH, Tile, entry_bundle
from hifadhi.evidence.tree import Edge, leaf_hash
from hifadhi.referral import instant
from hifadhi.referral.directory import Directory
from hifadhi.referral.part_names import PARTS
from hifadhi.referral.root import Root
from hifadhi.referral.root import parse as parse_root

HOUR = 3_600_000
DAY = 24 * HOUR
START = instant.parse("2026-11-02T08:00:00.000Z")
ORIGIN = "ledger.example.org"
DIGEST = b64u.encode(bytes(32))
AGENCIES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "MZ-INAR": ("MOZ", ("state", "focal")),
    "TZ-RSD": ("TZA", ("state", "focal")),
    "UNHCR-RO": ("XXA", ("observer", "detection")),
    "UNHCR-STAT": ("XXA", ("statistics", "auditor")),
    "ZA-DHA": ("ZAF", ("state",)),
}


_KINDS: Mapping[str, str] = {"es256": "P-256", "ml-dsa-44": "ML-DSA-44"}


@cache
def key(name: str) -> PrivateJwk:
    """The key of that name, the same in the whole run."""
    return PrivateJwk.generate(_KINDS.get(name.rpartition("/")[2], "Ed25519"))


def ledger_private() -> Ed25519PrivateKey:
    private = key("ledger").key
    assert isinstance(private, Ed25519PrivateKey)
    return private


def root_bytes() -> bytes:
    governance = [key(f"governance-{n}").public.as_dict() for n in (1, 2)]
    hub = {"ledger": [key("ledger").public.as_dict()], "gateway": [key("gateway").public.as_dict()]}
    document = {
        "format": 1,
        "origin": ORIGIN,
        "max_delay_s": 60,
        "rules": 1,
        "governance": {"keys": governance, "threshold": 2},
        "hub": hub,
    }
    return json.dumps(document).encode()


def the_root() -> Root:
    return parse_root(root_bytes())


def uuid7(number: int) -> str:
    return f"01930000-0000-7000-8000-{number:012x}"


@dataclass
class Exchange:
    """A registry without its shell: submissions in, leaves out. `now` is the stream's append time."""

    fold: Fold = field(default_factory=lambda: Fold(Directory.of(the_root())))
    leaves: list[bytes] = field(default_factory=list)
    submissions: list[tuple[int, int, bytes]] = field(default_factory=list)
    now: int = START
    position: int = 0
    ids: int = 0
    sequences: dict[str, int] = field(default_factory=dict)

    def submit(self, raw: bytes) -> NewLeaf | Repeat | DeadLetter | None:
        """What the registry does with one record; an empty one is a tick."""
        position, self.position = self.position, self.position + 1
        self.submissions.append((position, self.now, raw))
        while lapse := self.fold.lapse(position, self.now):
            self.leaves.append(lapse.leaf.to_bytes())
        outcome = self.fold.rule(position, self.now, raw) if raw else None
        if isinstance(outcome, NewLeaf):
            self.leaves.append(outcome.leaf.to_bytes())
        return outcome

    def tick(self, after_ms: int) -> None:
        self.now += after_ms
        self.submit(b"")

    def envelope(self, sender: str, kind: str, /, *, keys: Sequence[str] | None = None, **facts: Any) -> bytes:
        """A signed message; a fact that is None is left out. Parts and their readers are made as the type asks."""
        self.ids += 1
        keys = keys or ([f"{sender}/sign"] if sender != "GOVERNANCE" else ["governance-1", "governance-2"])
        self.sequences[keys[0]] = number = self.sequences.get(keys[0], 0) + 1
        said = {"format": 1, "id": uuid7(self.ids), "type": kind, "from": sender, "sent_at": instant.write(self.now)}
        said |= {"sequence": number, **facts}
        if kind in PARTS and "parts" not in said:
            said["parts"] = parts(kind, sender, facts.get("to", []))
        payload = json.dumps({name: value for name, value in said.items() if value is not None}).encode()
        return sign(payload, typ=MESSAGE, keys=[key(name) for name in keys]).to_bytes()

    def say(self, sender: str, kind: str, /, *, keys: Sequence[str] | None = None, **facts: Any) -> NewLeaf:
        """A message that gets a leaf, an hour after the last one."""
        self.now += HOUR
        outcome = self.submit(self.envelope(sender, kind, keys=keys, **facts))
        assert isinstance(outcome, NewLeaf), outcome
        return outcome

    def admit_all(self) -> None:
        for agency, (country, roles) in AGENCIES.items():
            self.admit(agency, country, roles)

    def admit(self, agency: str, country: str, roles: Iterable[str]) -> None:
        identity = f"{agency}/identity"
        facts: dict[str, Any] = {"agency": agency, "name": f"Agency {agency}", "country": country, "roles": list(roles)}
        facts |= {"utc_offset": "+02:00", "identity": key(identity).public.as_dict()}
        self.say("GOVERNANCE", "agency.admitted", **facts)
        added = {"agency": agency, "use": "sign", "key": key(f"{agency}/sign").public.as_dict()}
        self.say(agency, "key.added", keys=[identity], **added)

    def version(self, case: str, referral: str | None = None) -> int:
        found = self.fold.cases[case]
        return found.referrals[referral].version if referral else found.version

    def opened(self, sender: str = "MZ-INAR", to: Sequence[str] = ()) -> str:
        message = self.say(sender, "encounter.reported", to=list(to)).message
        assert message
        return message

    def asked(self, case: str, sender: str, to: str, *, urgency: str = "standard", **facts: Any) -> str:
        facts = {"case": case, "kind": "responsibility", "to": [to], "urgency": urgency, **facts}
        message = self.say(sender, "referral.requested", seen=self.version(case), **facts).message
        assert message
        return message

    def answer(self, kind: str, case: str, referral: str, sender: str, to: str, **facts: Any) -> NewLeaf:
        if kind != "referral.received":
            facts = {"seen": self.version(case, referral), **facts}
        return self.say(sender, kind, case=case, referral=referral, to=[to], **facts)

    def files(self) -> dict[str, bytes]:
        """The archive of the ledger as it stands."""
        return archive(self.leaves)


def parts(kind: str, sender: str, to: Iterable[str]) -> list[dict[str, Any]]:
    roles = {"movement": ["UNHCR-RO"], "statistics": ["UNHCR-STAT"]}
    return [
        {
            "name": name,
            "schema": f"{kind}.{name}/1",
            "suite": "ECDH-ES+A256KW",
            "digest": DIGEST,
            "commitment": DIGEST,
            "readers": sorted({sender, *roles.get(name, to)}),
        }
        for name in PARTS[kind]
    ]


def archive(
    leaves: Sequence[bytes], private: Ed25519PrivateKey | None = None, origin: str = ORIGIN, *more: MLDSA44PrivateKey
) -> dict[str, bytes]:
    """The files of a ledger of these leaves, sealed by whoever holds the ledger keys: the hub, honest or not."""
    files: dict[str, bytes] = {}
    rows = TileRows()
    for leaf in leaves:
        files.update((tile.path(), raw) for tile, raw in rows.add(leaf_hash(leaf)))
    files.update((tile.path(), raw) for tile, raw in rows.partial())
    for first in range(0, len(leaves), WIDTH):
        bundle = leaves[first : first + WIDTH]
        files[Tile(ENTRIES, first // WIDTH, len(bundle)).path()] = entry_bundle(bundle)
    root = Edge.empty().extend(map(leaf_hash, leaves)).root()
    tree = Checkpoint(origin, len(leaves), root)
    return {"checkpoint": checkpoint.sign(tree, private or ledger_private(), *more).encode(), **files}


@dataclass
class EverythingSealed:
    """An exchange in which everything that has a leaf has happened, and where."""

    exchange: Exchange
    case: str
    index: dict[str, int]


def everything() -> EverythingSealed:
    """Every type, refusals, irregular notes, all three clocks, a revocation, a reused id, a repeat, a dead letter."""
    made = EverythingSealed(Exchange(), "", {})
    exchange, index = made.exchange, made.index
    exchange.admit_all()
    made.case = _declined_after_silence(exchange, index)
    _moved_at_once(exchange, index)
    _odd_messages(exchange, index, made.case)
    return made


def _declined_after_silence(exchange: Exchange, index: dict[str, int]) -> str:
    case = exchange.opened()
    index["opened"] = exchange.fold.size - 1
    referral = exchange.asked(case, "MZ-INAR", "ZA-DHA")
    index["asked"] = exchange.fold.size - 1
    index["lapsed receipt"] = exchange.fold.size
    exchange.tick(2 * DAY)
    exchange.answer("referral.received", case, referral, "ZA-DHA", "MZ-INAR")
    index["lapsed reply"] = exchange.fold.size
    exchange.tick(40 * DAY)
    exchange.answer("referral.declined", case, referral, "ZA-DHA", "MZ-INAR")
    index["lapsed re-examination"] = exchange.fold.size
    exchange.now += 22 * DAY
    index["not new"] = exchange.fold.size + 1
    seen = exchange.version(case) + 1  # the lapse that this message triggers comes first
    facts: dict[str, Any] = {"case": case, "kind": "responsibility", "to": ["ZA-DHA"], "urgency": "urgent"}
    exchange.say("MZ-INAR", "referral.requested", seen=seen, **facts)
    again = exchange.asked(case, "MZ-INAR", "ZA-DHA", urgency="emergency", new_element=True)
    exchange.answer("referral.withdrawn", case, again, "MZ-INAR", "ZA-DHA")
    index["irregular"] = exchange.fold.size
    exchange.answer("referral.received", case, again, "ZA-DHA", "MZ-INAR")
    return case


def _moved_at_once(exchange: Exchange, index: dict[str, int]) -> None:
    case = exchange.opened("UNHCR-RO", ["TZ-RSD"])
    met = exchange.say("MZ-INAR", "encounter.reported", case=case, to=[]).message
    bounced = exchange.asked(case, "TZ-RSD", "MZ-INAR", urgency="urgent")
    exchange.say("MZ-INAR", "message.bounced", to=["TZ-RSD"], case=case, in_reply_to=bounced, reason="COMMITMENT")
    referral = exchange.asked(case, "TZ-RSD", "MZ-INAR", urgency="urgent")
    index["stale"] = exchange.fold.size
    exchange.answer("referral.accepted", case, referral, "MZ-INAR", "TZ-RSD", seen=9)
    index["moved"] = exchange.fold.size
    exchange.answer("referral.accepted", case, referral, "MZ-INAR", "TZ-RSD", encounter=met)
    service = exchange.asked(case, "MZ-INAR", "ZA-DHA", kind="service")
    exchange.answer("referral.accepted", case, service, "ZA-DHA", "MZ-INAR")


def examined_again() -> EverythingSealed:
    """A request that is declined, examined again, and declined again; one that nobody answers then."""
    made = EverythingSealed(Exchange(), "", {})
    exchange, index = made.exchange, made.index
    exchange.admit_all()
    case = made.case = exchange.opened()
    first = exchange.asked(case, "MZ-INAR", "ZA-DHA", urgency="urgent")
    exchange.answer("referral.declined", case, first, "ZA-DHA", "MZ-INAR")
    index["look again"] = exchange.fold.size
    exchange.answer("reexamination.requested", case, first, "MZ-INAR", "ZA-DHA")
    index["declined finally"] = exchange.fold.size
    exchange.answer("referral.declined", case, first, "ZA-DHA", "MZ-INAR")
    second = exchange.asked(case, "MZ-INAR", "TZ-RSD", urgency="urgent")
    exchange.answer("referral.declined", case, second, "TZ-RSD", "MZ-INAR")
    exchange.answer("reexamination.requested", case, second, "MZ-INAR", "TZ-RSD")
    index["lapsed answer"] = exchange.fold.size
    exchange.tick(15 * DAY)
    return made


def _odd_messages(exchange: Exchange, index: dict[str, int], case: str) -> None:
    index["reused"] = exchange.fold.size
    exchange.say("TZ-RSD", "encounter.reported", id=case, to=[])
    index["repeated"] = exchange.fold.size
    once = exchange.envelope("TZ-RSD", "encounter.reported", to=[])
    exchange.submit(once)
    exchange.submit(once)
    exchange.submit(b"no envelope")
    index["not a party"] = exchange.fold.size
    exchange.say("TZ-RSD", "referral.requested", case=case, kind="service", to=["MZ-INAR"], urgency="standard", seen=1)
    index["no header"] = exchange.fold.size
    exchange.say("MZ-INAR", "encounter.reported", case=case, to=[], parts=[])
    index["revoked"] = exchange.fold.size
    since = {"kid": key("TZ-RSD/sign").kid, "invalid_since": instant.write(exchange.now - HOUR)}
    exchange.say("TZ-RSD", "key.revoked", keys=["TZ-RSD/identity"], agency="TZ-RSD", **since)
    index["after revocation"] = exchange.fold.size
    exchange.say("TZ-RSD", "encounter.reported", case=case, to=[])
