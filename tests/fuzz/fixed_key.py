"""Keys that are the same in every process, so that what was found once is found again."""

from hashlib import sha256

from hifadhi.evidence.jwk import Jwk, PrivateJwk
from hifadhi.evidence.key_kinds import ED25519, KINDS, P256


def ed25519(name: str) -> PrivateJwk:
    return _key(ED25519, name)


def p256(name: str) -> PrivateJwk:
    return _key(P256, name)


def _key(kind: str, name: str) -> PrivateJwk:
    secret = sha256(name.encode()).digest()
    return PrivateJwk(Jwk(kind, KINDS[kind].public_of(secret)), secret)
