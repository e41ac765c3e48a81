"""The agencies of the tests, their keys, and messages as any language would post them: plain dictionaries, signed.

Nothing of `hifadhi.agency` is used here, so that the hub is tested against the wire format and not against our client.
"""

import json
import os
import time
import uuid
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from hifadhi.evidence import b64u, jws, strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral import instant
from hifadhi.referral import root as roots
from hifadhi.referral.part_names import PARTS
from hifadhi.settings import Settings

ORIGIN = "test.example/hifadhi"
ROLES = {
    "TZ-RSD": ("TZA", ["state", "focal"], "+03:00"),
    "MZ-INAR": ("MOZ", ["state", "focal"], "+02:00"),
    "ZA-DHA": ("ZAF", ["state", "focal"], "+02:00"),
    "ZA-DSD": ("ZAF", ["state"], "+02:00"),
    "UNHCR-RO": ("ZAF", ["observer", "detection", "statistics", "auditor"], "+02:00"),
}
ON_P256 = ("ZA-DHA", "UNHCR-RO")
Body = dict[str, Any]


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def uuid7() -> str:
    stamp, random = now_ms(), int.from_bytes(os.urandom(10), "big")
    value = (stamp << 80) | (random & ~(0xF << 76) & ~(3 << 62)) | (7 << 76) | (2 << 62)
    return str(uuid.UUID(int=value))


@dataclass
class Player:
    """One agency's keys."""

    id: str
    identity: PrivateJwk = field(default_factory=lambda: PrivateJwk.generate("Ed25519"))
    sign: PrivateJwk = field(default_factory=lambda: PrivateJwk.generate("Ed25519"))
    read: PrivateJwk = field(default_factory=lambda: PrivateJwk.generate("P-256"))


def on_p256(name: str) -> Player:
    """The same with keys that sign with ES256."""
    return Player(name, PrivateJwk.generate("P-256"), PrivateJwk.generate("P-256"))


class Cast:
    """A root of trust and agencies; `folder` becomes an exchange's data folder."""

    def __init__(self, folder: Path, *, max_delay_s: int = 60) -> None:
        self.folder = folder
        self.governance = [PrivateJwk.generate(kind) for kind in ("Ed25519", "P-256", "Ed25519")]
        self.ledger, self.gateway = PrivateJwk.generate("Ed25519"), PrivateJwk.generate("Ed25519")
        self.ledger_pq = PrivateJwk.generate("ML-DSA-44")
        self.players = {name: Player(name) for name in ROLES} | {name: on_p256(name) for name in ON_P256}
        self._sequence: dict[str, int] = {}
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "root.json").write_bytes(strict_json.dump(self._root(max_delay_s)))
        (folder / "ledger.jwk").write_bytes(strict_json.dump(self.ledger.as_dict()))
        (folder / "ledger-ml-dsa-44.jwk").write_bytes(strict_json.dump(self.ledger_pq.as_dict()))
        (folder / "gateway.jwk").write_bytes(strict_json.dump(self.gateway.as_dict()))
        self.root = roots.parse((folder / "root.json").read_bytes())

    def settings(self) -> Settings:
        return Settings(data=self.folder, host="127.0.0.1", port=0, base_url="", log_level="ERROR")

    def _root(self, max_delay_s: int) -> Body:
        ledger = [key.public.as_dict() for key in (self.ledger, self.ledger_pq)]
        return {
            "format": 1,
            "origin": ORIGIN,
            "max_delay_s": max_delay_s,
            "rules": 1,
            "governance": {"keys": [key.public.as_dict() for key in self.governance], "threshold": 2},
            "hub": {"ledger": ledger, "gateway": [self.gateway.public.as_dict()]},
        }

    def signed(self, payload: Body, keys: list[PrivateJwk], parts: dict[str, str] | None = None) -> Body:
        """The posted body of a payload, whatever is in it."""
        envelope = jws.sign(strict_json.dump(payload), typ=jws.MESSAGE, keys=keys)
        return {"header": json.loads(envelope.to_bytes()), "parts": parts or {}}

    def payload(self, kind: str, sender: str, signer: PrivateJwk, /, **facts: Any) -> Body:
        """A payload with a fresh id and its signer's next number."""
        number = self._sequence[signer.kid] = self._sequence.get(signer.kid, 0) + 1
        start = {"format": 1, "id": uuid7(), "type": kind, "from": sender}
        return {**start, "sent_at": instant.write(now_ms()), "sequence": number, **facts}

    def statement(self, kind: str, /, *keys: PrivateJwk, sender: str = "GOVERNANCE", **facts: Any) -> Body:
        signers = list(keys) or self.governance[:2]
        return self.signed(self.payload(kind, sender, signers[0], **facts), signers)

    def admissions(self) -> list[list[Body]]:
        """What lets all agencies in: first who they are, then their keys."""
        admitted, keys = [], []
        for name, (country, roles, offset) in ROLES.items():
            player = self.players[name]
            facts: Body = {"agency": name, "name": name, "country": country, "roles": roles, "utc_offset": offset}
            admitted.append(self.statement("agency.admitted", **facts, identity=player.identity.public.as_dict()))
            for use, key in (("sign", player.sign), ("read", player.read)):
                facts = {"agency": name, "use": use, "key": key.public.as_dict()}
                keys.append(self.statement("key.added", player.identity, sender=name, **facts))
        return [admitted, keys]

    def header(self, kind: str, sender: str, sealed: dict[str, str], /, **facts: Any) -> Body:
        """The payload of a message with these sealed parts."""
        to = facts.get("to", [])
        entries = [
            {
                "name": name,
                "schema": f"{kind}.{name}/1",
                "suite": "ECDH-ES+A256KW",
                "digest": b64u.encode(sha256(sealed[name].encode()).digest()),
                "commitment": b64u.encode(sha256(b"plain" + sealed[name].encode()).digest()),
                "readers": readers(name, sender, to),
            }
            for name in PARTS[kind]
        ]
        return self.payload(kind, sender, self.players[sender].sign, **facts, parts=entries)

    def message(self, kind: str, sender: str, /, **facts: Any) -> Body:
        """A good message; its parts are opaque strings, as they are to the hub."""
        sealed = {name: f"sealed {name} {uuid7()}" for name in PARTS[kind]}
        return self.signed(self.header(kind, sender, sealed, **facts), [self.players[sender].sign], sealed)

    def encounter(self, sender: str, **facts: Any) -> Body:
        return self.message("encounter.reported", sender, **{"to": [], **facts})

    def request(self, sender: str, to: str, case: str, seen: int, **facts: Any) -> Body:
        stated = {"case": case, "to": [to], "urgency": "urgent", "seen": seen, "kind": "responsibility", **facts}
        return self.message("referral.requested", sender, **stated)

    def token(self, name: str, audience: str, **claims: Any) -> str:
        """The value of an Authorization header."""
        start = int(time.time())
        stated = {"iss": name, "aud": audience, "iat": start, "exp": start + 120, **claims}
        key = self.players[name].sign
        return "Bearer " + jws.sign_compact(strict_json.dump(stated), typ=jws.ACCESS, key=key)


def readers(part: str, sender: str, to: list[str]) -> list[str]:
    role = {"movement": "detection", "statistics": "statistics"}.get(part)
    granted = [name for name, (_, roles, _) in ROLES.items() if role in roles] if role else to
    return sorted({sender, *granted})


def payload_of(body: Body) -> Body:
    """The header inside a posted body."""
    document: Body = json.loads(b64u.decode(body["header"]["payload"]))
    return document
