"""The next `root.json`: what is in force, with keys added and dropped.

Each holder makes a key and hands over its public half; whoever writes the next root holds none of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from hifadhi.agency import durable_file
from hifadhi.agency.composing.compose import Sealed, statement
from hifadhi.agency.home.keyring import create_key
from hifadhi.errors import Fault, Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import Jwk
from hifadhi.evidence.key_kinds import ED25519
from hifadhi.referral import root as root_file
from hifadhi.referral.header import GOVERNANCE
from hifadhi.referral.root import Root

PUBLIC: Final = ".public.json"


@dataclass(frozen=True, slots=True)
class Renewal:
    """What is to change. `added`: keys by use (governance, ledger, gateway); `dropped`: kids; None: as it is."""

    added: Mapping[str, Sequence[Jwk]] = field(default_factory=dict)
    dropped: Sequence[str] = ()
    threshold: int | None = None
    max_delay_s: int | None = None

    def of(self, root: Root) -> Root:
        """The root after it. Refused: KEY_UNKNOWN, if a key to be dropped is not in it; SCHEMA, if it makes no root."""
        if strangers := sorted(set(self.dropped) - root.uses.keys()):
            raise Refused(Fault("KEY_UNKNOWN", "", f"the root in force does not have {', '.join(strangers)}"))
        document = root.model_dump(mode="json")
        governance, hub = document["governance"], document["hub"]
        governance["keys"] = self._keys("governance", root.governance_keys)
        governance["threshold"] = self.threshold or root.governance.threshold
        hub["ledger"] = self._keys("ledger", root.ledger_keys)
        hub["gateway"] = self._keys("gateway", tuple(root.gateway_keys.values()))
        document["max_delay_s"] = self.max_delay_s or root.max_delay_s
        return root_file.parse(strict_json.dump(document))

    def _keys(self, use: str, present: Sequence[Jwk]) -> list[dict[str, Any]]:
        stay = [key for key in present if key.kid not in self.dropped]
        return [key.as_dict() for key in (*stay, *self.added.get(use, ()))]


def new_key(path: Path) -> Path:
    """Makes a key in `path`, and beside it the file with its public half, which is handed over. Refused: EXISTS."""
    shown = path.with_suffix(PUBLIC)
    if shown.exists():
        raise Refused(Fault("EXISTS", "", f"{shown.name} is there already"))
    public = create_key(path, ED25519).public.as_dict()
    durable_file.create(shown, strict_json.dump(public) + b"\n", mode=durable_file.PUBLIC)
    return shown


def public_key(path: Path) -> Jwk:
    """The public key in a file. Refused, with what is wrong in it, a private key's parts among that."""
    return Jwk.parse(strict_json.parse(durable_file.read(path)))


def rotation(root: Root, version: int) -> Sealed:
    """The statement that brings the root."""
    facts = {"version": version, "root": root.model_dump(mode="json")}
    return statement("governance.rotated", sender=GOVERNANCE, facts=facts)
