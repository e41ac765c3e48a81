"""A small exchange, made purely: agencies with keys, a fold that rules what they send, and the topics that it fills.

Of a part only what the hub can read is real: of which message it says that it is. The clock moves only when a test
moves it.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from hifadhi.evidence import b64u
from hifadhi.evidence.fold import DeadLetter, Fold, NewLeaf, Repeat
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.jws import ACCESS, MESSAGE, Envelope, sign, sign_compact
from hifadhi.evidence.key_kinds import ED25519
from hifadhi.referral import instant
from hifadhi.referral.directory import Directory
from hifadhi.referral.part_names import PARTS as PART_NAMES
from hifadhi.referral.root import Root
from hifadhi.stream.port import Entry, Stream
from hifadhi.stream.topics import PARTS, RECORD

START_MS = instant.parse("2026-11-23T10:00:00.000Z")
AUDIENCE = "https://exchange.example"
ORIGIN = "exchange.example"
ROLE_OF_PART = {"movement": "detection", "statistics": "statistics"}
ROLES = {
    "MZ-INAR": ("MOZ", ("state", "focal")),
    "ZA-DHA": ("ZAF", ("state", "focal")),
    "KE-DRS": ("KEN", ("state", "focal")),
    "MZ-NEW": ("MOZ", ("state",)),
    "INT-WATCH": ("CHE", ("detection",)),
    "INT-STATS": ("CHE", ("statistics",)),
    "INT-OBS": ("CHE", ("observer",)),
}
# Those who are there from the beginning.
PLAYERS = tuple(agency for agency in ROLES if agency != "MZ-NEW")


def fresh_key(_name: str) -> PrivateJwk:
    return PrivateJwk.generate(ED25519)


@dataclass
class LedgerMaker:
    new_key: Callable[[str], PrivateJwk] = fresh_key
    identity: dict[str, PrivateJwk] = field(default_factory=dict)
    keys: dict[str, PrivateJwk] = field(default_factory=dict)
    leaves: list[NewLeaf] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    now_ms: int = START_MS
    _ids: int = 0
    _position: int = 0
    _published: int = 0

    def __post_init__(self) -> None:
        self.governance = self.new_key("governance")
        self.fold = Fold(Directory.of(self.root))

    @property
    def root(self) -> Root:
        key = self.governance.public.as_dict()
        return Root.model_validate(
            {
                "format": 1,
                "origin": ORIGIN,
                "max_delay_s": 60,
                "rules": 1,
                "governance": {"keys": [key], "threshold": 1},
                "hub": {"ledger": [key], "gateway": [key]},
            }
        )

    @classmethod
    def with_agencies(
        cls, agencies: Sequence[str] = PLAYERS, *, new_key: Callable[[str], PrivateJwk] = fresh_key
    ) -> "LedgerMaker":
        made = cls(new_key)
        for agency in agencies:
            made.admit(agency)
        return made

    def admit(self, agency: str) -> None:
        country, roles = ROLES[agency]
        self.identity[agency], self.keys[agency] = self.new_key(f"identity {agency}"), self.new_key(agency)
        identity, key = self.identity[agency].public.as_dict(), self.keys[agency].public.as_dict()
        said = {"agency": agency, "name": agency, "country": country, "roles": list(roles), "utc_offset": "+02:00"}
        self.submit(self._header("agency.admitted", "GOVERNANCE", **said, identity=identity), self.governance)
        added = self._header("key.added", agency, agency=agency, use="sign", key=key)
        self.submit(added, self.identity[agency])

    def revoke(self, agency: str) -> None:
        said = self._header("key.revoked", agency, agency=agency, kid=self.keys[agency].kid)
        self.submit(said, self.identity[agency])

    def remove(self, agency: str, successor: str) -> None:
        said = self._header("agency.removed", "GOVERNANCE", agency=agency, successor=successor)
        self.submit(said, self.governance)

    def send(
        self,
        message_type: str,
        sender: str,
        to: Sequence[str] = (),
        *,
        sensitive: Sequence[str] | None = None,
        content: str | None = None,
        **facts: Any,
    ) -> str:
        """Post a message of this type; its id.

        `sensitive`: who reads that part, if not all addressees; `content`: the text that is posted as that part, if
        not one of its own.
        """
        header = self._header(message_type, sender, to=sorted(to), **facts)
        header["parts"] = [self._part(header, name, sensitive) for name in PART_NAMES[message_type]]
        if content is not None:
            next(part for part in header["parts"] if part["name"] == "content")["digest"] = self.seal(content)
        self.submit(header, self.keys[sender])
        return str(header["id"])

    def open_case(self, sender: str = "MZ-INAR", **more: Any) -> str:
        return self.send("encounter.reported", sender, **more)

    def request(self, case: str, sender: str = "MZ-INAR", to: str = "ZA-DHA", **more: Any) -> str:
        facts = {"urgency": "standard", "kind": "responsibility", "seen": self.fold.cases[case].version, **more}
        return self.send("referral.requested", sender, [to], case=case, **facts)

    def submit(self, header: dict[str, Any], *keys: PrivateJwk) -> NewLeaf | Repeat | DeadLetter:
        return self.submit_raw(sign(json.dumps(header).encode(), typ=MESSAGE, keys=keys))

    def submit_raw(self, envelope: Envelope) -> NewLeaf | Repeat | DeadLetter:
        self.tick()
        outcome = self.fold.rule(self._position, self.now_ms, envelope.to_bytes())
        assert not isinstance(outcome, DeadLetter), outcome
        if isinstance(outcome, NewLeaf):
            self.leaves.append(outcome)
        return outcome

    def tick(self, ms: int = 1) -> None:
        """Time passes; what was due lapses."""
        self.now_ms += ms
        self._position += 1
        while (lapsed := self.fold.lapse(self._position, self.now_ms)) is not None:
            self.leaves.append(lapsed)

    def token(self, agency: str, *, audience: str = AUDIENCE, key: PrivateJwk | None = None) -> str:
        now = int(time.time())
        claims = {"iss": agency, "aud": audience, "iat": now, "exp": now + 60}
        return sign_compact(json.dumps(claims).encode(), typ=ACCESS, key=key or self.keys[agency])

    def records(self) -> list[Entry]:
        """All of topic `record`."""
        return [record(sealed) for sealed in self.leaves]

    async def publish(self, stream: Stream) -> None:
        """Append what is new: the parts before the leaves."""
        await self.publish_parts(stream)
        await stream.append(RECORD, self.records()[self._published :])
        self._published = len(self.leaves)

    async def publish_parts(self, stream: Stream) -> None:
        await stream.append(PARTS, [part_entry(text) for text in self.parts.values()])

    def seal(self, text: str) -> str:
        """Keep this as the text of a part; its digest."""
        digest = b64u.encode(sha256(text.encode()).digest())
        self.parts[digest] = text
        return digest

    def next_id(self) -> str:
        self._ids += 1
        return f"01920000-0000-7000-8000-{self._ids:012x}"

    def _header(self, message_type: str, sender: str, **facts: Any) -> dict[str, Any]:
        sent_at = instant.write(self.now_ms)
        first = {"format": 1, "id": self.next_id(), "type": message_type, "from": sender, "sent_at": sent_at}
        return {**first, "sequence": 1, **facts}

    def _part(self, header: dict[str, Any], name: str, sensitive: Sequence[str] | None) -> dict[str, Any]:
        digest = self.seal(part_text(header["id"], name, header["from"]))
        readers = self.fold.directory.with_role(ROLE_OF_PART[name]) if name in ROLE_OF_PART else header["to"]
        if name == "sensitive" and sensitive is not None:
            readers = sensitive
        return {
            "name": name,
            "schema": f"{header['type']}.{name}/1",
            "suite": "ECDH-ES+A256KW",
            "digest": digest,
            "commitment": b64u.encode(sha256(b"plaintext").digest()),
            "readers": sorted({header["from"], *readers}),
        }


def part_text(message: str, part: str, sender: str) -> str:
    said = json.dumps({"message": message, "part": part, "from": sender})
    return json.dumps({"protected": b64u.encode(said.encode()), "sealed": f"{part} of {message}"})


def part_entry(text: str) -> Entry:
    return Entry(sha256(text.encode()).digest(), text.encode())


def record(sealed: NewLeaf) -> Entry:
    key = sealed.case or sealed.message or ""
    return Entry(key.encode(), sealed.leaf.to_bytes(), (("index", str(sealed.index).encode()),))
