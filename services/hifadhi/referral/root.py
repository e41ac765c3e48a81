"""`root.json`: what everybody is handed once, out of band, and takes from nowhere else (`wire.md` §5).

Later ones come by `governance.rotated`, in the ledger, and are trusted by way of the first.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import Jwk
from hifadhi.evidence.key_kinds import ED25519
from hifadhi.referral import faults
from hifadhi.referral.closed import Closed, Exactly, Items, pattern
from hifadhi.referral.key_fields import JwkFields, LedgerJwkFields

MOST_KEYS = 8


class Governance(Closed):
    """The keys that sign the directory, and how many of them must."""

    keys: Annotated[Items[JwkFields], Field(min_length=1, max_length=MOST_KEYS)]
    threshold: Annotated[int, Field(ge=1, le=MOST_KEYS)]


class HubKeys(Closed):
    """The hub's keys by use: `ledger` signs checkpoints (the registry's alone), `gateway` receipts and refusals.

    Where `ledger` has keys for ML-DSA-44, a checkpoint counts with a signature of each kind only.
    """

    ledger: Annotated[Items[LedgerJwkFields], Field(min_length=1, max_length=MOST_KEYS)]
    gateway: Annotated[Items[JwkFields], Field(min_length=1, max_length=MOST_KEYS)]


class Root(Closed):
    """The exchange's name, its promise, its first rules and its first keys.

    `origin`: the ledger's name (C2SP checkpoint origin). `max_delay_s`: seconds from a receipt to its leaf.
    """

    format: Annotated[Literal[1], Exactly()]
    origin: Annotated[str, pattern(r"^[a-z0-9][a-z0-9.-]{0,60}(/[a-z0-9._-]{1,40}){0,3}$")]
    max_delay_s: Annotated[int, Field(ge=1, le=86_400)]
    rules: Annotated[int, Field(ge=1, le=9_999)]
    governance: Governance
    hub: HubKeys

    @cached_property
    def governance_keys(self) -> tuple[Jwk, ...]:
        """The governance keys, each a point of its curve."""
        return _read(self.governance.keys, "/governance/keys")

    @cached_property
    def gateway_keys(self) -> dict[str, Jwk]:
        """The keys of receipts and refusals, by kid."""
        return {jwk.kid: jwk for jwk in _read(self.hub.gateway, "/hub/gateway")}

    @cached_property
    def ledger_keys(self) -> tuple[Jwk, ...]:
        """The keys of checkpoints."""
        return _read(self.hub.ledger, "/hub/ledger")

    @cached_property
    def uses(self) -> dict[str, str]:
        """What each key is for, by kid."""
        ledger = {jwk.kid: "ledger" for jwk in self.ledger_keys}
        governance = {jwk.kid: "governance" for jwk in self.governance_keys}
        return {**ledger, **dict.fromkeys(self.gateway_keys, "gateway"), **governance}


def parse(raw: bytes) -> Root:
    """The root in a file's bytes; `Refused` with what is wrong in it."""
    document = strict_json.parse(raw)
    try:
        root = Root.model_validate(document)
    except ValidationError as error:
        raise faults.refusal(error, document) from None
    check_keys(root)
    return root


def check_keys(root: Root, *, pointer: str = "") -> None:
    """Every key is sound, and for one use: the gateway, which faces the internet, must not sign checkpoints."""
    seen: set[str] = set()
    for where, keys in (
        ("/governance/keys", root.governance.keys),
        ("/hub/ledger", root.hub.ledger),
        ("/hub/gateway", root.hub.gateway),
    ):
        for number, jwk in enumerate(_read(keys, pointer + where)):
            if jwk.kid in seen:
                raise Refused(
                    Fault("SCHEMA", f"{pointer}{where}/{number}", "this key stands twice; each is for one use")
                )
            seen.add(jwk.kid)
    if all(jwk.kind != ED25519 for jwk in root.ledger_keys):  # what every reader of signed notes knows
        raise Refused(Fault("SCHEMA", f"{pointer}/hub/ledger", "one of these keys is for Ed25519"))
    if root.governance.threshold > len(root.governance.keys):
        raise Refused(Fault("SCHEMA", f"{pointer}/governance/threshold", "there are fewer keys than must sign"))


def _read(keys: Iterable[JwkFields | LedgerJwkFields], where: str) -> tuple[Jwk, ...]:
    return tuple(Jwk.parse(key.model_dump(), pointer=f"{where}/{number}") for number, key in enumerate(keys))
