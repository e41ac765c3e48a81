"""The exchange's founding, and those who let agencies in: the governance keys, of which a threshold must sign.

A folder holds the first `root.json`, which everybody is handed, and the keys `governance-1.jwk` and on; a journal for
each key that signs first counts its messages. Which keys are in force, the directory says: a rotation changes them.
`ledger.jwk`, perhaps `ledger-ml-dsa-44.jwk`, and `gateway.jwk` are the hub's; in a real exchange each key has its own
holder.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from hifadhi.agency import durable_file
from hifadhi.agency.composing.compose import Sealed, statement
from hifadhi.agency.directory.enrolment import Enrolment
from hifadhi.agency.home.journal import Journal
from hifadhi.agency.home.keyring import create_key, read_key
from hifadhi.errors import Fault, Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519, ML_DSA_44
from hifadhi.referral import root as root_file
from hifadhi.referral.codes.list_file import CodeListFile
from hifadhi.referral.header import GOVERNANCE
from hifadhi.referral.root import MOST_KEYS, Root

LEDGER_PQ: Final = "ledger-ml-dsa-44.jwk"
MAX_DELAY_S: Final = 60
RULES: Final = 1


@dataclass(frozen=True, slots=True)
class Governance:
    """The governance keys of a folder, those that are there, and the root from which the directory is read."""

    folder: Path
    root: Root
    keys: tuple[PrivateJwk, ...]

    @classmethod
    def load(cls, folder: Path, *, root: Root | None = None) -> Self:
        """The governance in a folder; `root`: else the one in it. Refused: NOT_FOUND, and what is wrong in a file."""
        root = root or root_file.parse(durable_file.read(folder / "root.json"))
        return cls(folder, root, tuple(read_key(path) for path in sorted(folder.glob("governance-*.jwk"))))

    def signers(self, root: Root | None = None) -> tuple[PrivateJwk, ...]:
        """As many keys as must sign under this root, or the folder's. Refused: THRESHOLD, with too few keys here."""
        root = root or self.root
        own = [key for key in self.keys if root.uses.get(key.kid) == "governance"]
        if len(own) < root.governance.threshold:
            raise Refused(Fault("THRESHOLD", "", f"{len(own)} of the {root.governance.threshold} keys needed are here"))
        return tuple(own[: root.governance.threshold])

    def journal(self, first: PrivateJwk) -> Journal:
        """The journal of the messages that this key signed first."""
        return Journal(self.folder / f"journal-{first.kid}.json")


def init(  # noqa: PLR0913 (one option each)
    folder: Path,
    *,
    origin: str,
    keys: int = 3,
    threshold: int = 2,
    max_delay_s: int = MAX_DELAY_S,
    hub: Path | None = None,
    post_quantum: bool = False,
) -> Root:
    """A new exchange: `keys` governance keys, of which `threshold` sign, the hub's two keys, and `root.json`.

    `post_quantum`: checkpoints are signed with ML-DSA-44 too, so the ledger has a second key.

    The hub's keys go into `hub`, or into `folder` too. Refused: EXISTS, SCHEMA.
    """
    if not 1 <= threshold <= keys <= MOST_KEYS:
        raise Refused(
            Fault("SCHEMA", "", f"a threshold is at least 1, and at most the keys, of which 1 to {MOST_KEYS}")
        )
    if (folder / "root.json").exists():
        raise Refused(Fault("EXISTS", "", f"{folder} holds an exchange already"))
    _parsed(_document(origin, max_delay_s, [PrivateJwk.generate(ED25519)], 1, _stand_ins()))
    hub = hub or folder
    for place in (folder, hub):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    governance = [create_key(folder / f"governance-{number}.jwk", ED25519) for number in range(1, keys + 1)]
    services = {use: [create_key(hub / f"{use}.jwk", ED25519)] for use in ("ledger", "gateway")}
    if post_quantum:
        services["ledger"].append(create_key(hub / LEDGER_PQ, ML_DSA_44))
    document = _document(origin, max_delay_s, governance, threshold, services)
    durable_file.create(folder / "root.json", strict_json.dump(document) + b"\n", mode=durable_file.PUBLIC)
    return _parsed(document)


def admitted(enrolment: Enrolment) -> Sealed:
    """The statement that lets an agency in."""
    return statement("agency.admitted", sender=GOVERNANCE, facts=enrolment.facts)


def revoked(kid: str, agency: str, *, sender: str, invalid_since: str | None = None) -> Sealed:
    """The statement that ends a key; by governance, or by the agency itself."""
    since = {} if invalid_since is None else {"invalid_since": invalid_since}
    return statement("key.revoked", sender=sender, facts={"agency": agency, "kid": kid, **since})


def suspended(agency: str, *, lifted: bool = False) -> Sealed:
    """The statement that suspends an agency, or lifts that."""
    facts: dict[str, Any] = {"agency": agency, **({"lifted": True} if lifted else {})}
    return statement("agency.suspended", sender=GOVERNANCE, facts=facts)


def published(codes: CodeListFile, digest: str) -> Sealed:
    """The statement that there is a newer version of a code list."""
    facts = {"list": codes.name, "version": codes.version, "digest": digest}
    return statement("codelist.published", sender=GOVERNANCE, facts=facts)


def _document(
    origin: str, max_delay_s: int, governance: list[PrivateJwk], threshold: int, hub: Mapping[str, list[PrivateJwk]]
) -> dict[str, Any]:
    return {
        "format": 1,
        "origin": origin,
        "max_delay_s": max_delay_s,
        "rules": RULES,
        "governance": {"keys": [key.public.as_dict() for key in governance], "threshold": threshold},
        "hub": {use: [key.public.as_dict() for key in held] for use, held in hub.items()},
    }


def _stand_ins() -> dict[str, list[PrivateJwk]]:
    """Keys in the hub's place, so that nothing is written for what the exchange would refuse."""
    return {use: [PrivateJwk.generate(ED25519)] for use in ("ledger", "gateway")}


def _parsed(document: dict[str, Any]) -> Root:
    return root_file.parse(strict_json.dump(document))
