"""Keys that are the same in every process, so that what was found once is found again."""

from functools import lru_cache
from hashlib import sha256

from hifadhi.evidence.jwk import Jwk, PrivateJwk
from hifadhi.evidence.key_kinds import ED25519, KINDS, P256


def ed25519(name: str) -> PrivateJwk:
    return of_kind(ED25519, name)


def p256(name: str) -> PrivateJwk:
    return of_kind(P256, name)


@lru_cache(maxsize=256)
def of_kind(kind: str, name: str) -> PrivateJwk:
    """One of `key_kinds.py`, whose secrets are all of 32 bytes."""
    secret = sha256(name.encode()).digest()
    return PrivateJwk(Jwk(kind, KINDS[kind].public_of(secret)), secret)
