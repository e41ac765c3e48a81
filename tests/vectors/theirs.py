"""Keys of ours and theirs, and what jwcrypto makes with them: an implementation of JOSE that is not ours."""

import json
from typing import Any

from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS, default_allowed_algs

from hifadhi.evidence import jwe, jws
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ECDH_ES_A256KW, ED25519, ES256
from hifadhi.evidence.sealing_suites import ENC

Json = dict[str, Any]

KEYS = {ED25519: PrivateJwk.generate("Ed25519"), ES256: PrivateJwk.generate("P-256")}
READERS = [PrivateJwk.generate(kind) for kind in ("P-256", "X25519", "P-256", "X25519")]
WHERE = {"message": "01926a4e", "part": "content", "sender": "MZ-INAR"}
PROTECTED = {"enc": ENC, "typ": jwe.TYP, "message": "01926a4e", "part": "content", "from": "MZ-INAR"}
TEXT = b'{"id":1}'


def theirs(key: PrivateJwk, *, private: bool = True) -> JWK:
    return JWK(kid=key.kid, **(key.as_dict() if private else key.public.as_dict()))


def header(alg: str = ES256, /, **more: object) -> Json:
    """The protected header of a message, but for what is said otherwise."""
    return {"alg": alg, "kid": KEYS.get(alg, KEYS[ES256]).kid, "typ": jws.MESSAGE, **more}


def signed(key: JWK, protected: Json, unprotected: Json | None = None) -> JWS:
    made = JWS(TEXT.decode())
    made.allowed_algs = list(default_allowed_algs)
    made.add_signature(key, protected=json.dumps(protected), header=unprotected and json.dumps(unprotected))
    return made


def general(made: JWS) -> str:
    """One signature in the general form; jwcrypto flattens it."""
    flat = json.loads(made.serialize())
    entry = {name: flat.pop(name) for name in ("protected", "header", "signature") if name in flat}
    return json.dumps({**flat, "signatures": [entry]})


def sealed(
    *keys: JWK,
    readers: list[PrivateJwk] = READERS[:1],
    alg: str = ECDH_ES_A256KW,
    protected: Json | None = None,
    entry: Json | None = None,
    **more: Any,
) -> str:
    """A part for these readers, but for what is said otherwise; `keys`: others than theirs."""
    made = JWE(b"secret", protected={**PROTECTED, **(protected or {})}, flattened=False, **more)
    for key, reader in zip(keys or [theirs(one, private=False) for one in readers], readers, strict=True):
        made.add_recipient(key, header={"alg": alg, "kid": reader.kid, **(entry or {})})
    return str(made.serialize())


def opened(part: str, key: PrivateJwk) -> bytes:
    """As our reader opens it."""
    return jwe.open_sealed(part, suite=ECDH_ES_A256KW, keys=(key,), **WHERE)
