"""The directory's statements: who may speak, with which keys (`wire.md` §1). Messages without a case."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from hifadhi.referral.closed import AgencyId, Closed, Country, Digest, Instant, Items, Maybe, UtcOffset, text
from hifadhi.referral.header import Header

Role = Literal["state", "focal", "observer", "detection", "statistics", "auditor"]
KeyUse = Literal["sign", "countersign", "read"]


class Ed25519Jwk(Closed):
    """A public Ed25519 key (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: Digest


class P256Jwk(Closed):
    """A public P-256 key (RFC 7518 §6.2)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: Digest
    y: Digest


JwkFields = Annotated[Ed25519Jwk | P256Jwk, Field(discriminator="kty")]


class AgencyAdmitted(Header):
    """Governance lets an agency in, with its roles and the identity key that adds its other keys."""

    type: Literal["agency.admitted"]
    agency: AgencyId
    name: Annotated[str, text(120)]
    country: Country
    roles: Annotated[Items[Role], Field(min_length=1, max_length=6)]
    utc_offset: UtcOffset
    identity: JwkFields


class KeyAdded(Header):
    """An agency adds a key of its own; signed by its identity key."""

    type: Literal["key.added"]
    agency: AgencyId
    use: KeyUse
    key: JwkFields


class KeyRevoked(Header):
    """A key ends; `invalid_since` flags earlier leaves and never flips them."""

    type: Literal["key.revoked"]
    agency: AgencyId
    kid: Digest
    invalid_since: Maybe[Instant] = None


STATEMENTS: Mapping[str, type[Header]] = {
    "agency.admitted": AgencyAdmitted,
    "key.added": KeyAdded,
    "key.revoked": KeyRevoked,
}
