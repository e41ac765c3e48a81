"""Public keys as they stand in statements and in `root.json` (RFC 7517)."""

from typing import Annotated, Literal

from pydantic import Field

from hifadhi.referral.closed import Closed, Digest, pattern


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


class X25519Jwk(Closed):
    """A public X25519 key (RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["X25519"]
    x: Digest


class HybridJwk(Closed):
    """A public key of ML-KEM-768 and X25519 (draft-ietf-jose-hpke-pq-pqt): 1,184 and 32 bytes."""

    kty: Literal["AKP"]
    alg: Literal["HPKE-9-KE"]
    pub: Annotated[str, pattern(r"^[A-Za-z0-9_-]{1621}[AQgw]$")]


class MlDsaJwk(Closed):
    """A public key of ML-DSA-44 (RFC 9964): 1,312 bytes."""

    kty: Literal["AKP"]
    alg: Literal["ML-DSA-44"]
    pub: Annotated[str, pattern(r"^[A-Za-z0-9_-]{1749}[AQgw]$")]


JwkFields = Annotated[Ed25519Jwk | P256Jwk, Field(discriminator="kty")]
LedgerJwkFields = Annotated[Ed25519Jwk | MlDsaJwk, Field(discriminator="kty")]
ReadingJwkFields = Annotated[X25519Jwk | HybridJwk, Field(discriminator="kty")]
