"""Public keys as they stand in statements and in `root.json` (RFC 7517)."""

from typing import Annotated, Literal

from pydantic import Field

from hifadhi.referral.closed import Closed, Digest


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
