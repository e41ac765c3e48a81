"""Who reads: short bearer tokens that agencies sign with their own keys (`wire.md` §5). No shared secrets.

1. It is a compact JWS of `typ` `hifadhi-access+jwt`, with exactly `iss`, `aud`, `iat`, `exp`.
2. The key is valid, a signing key of `iss`: nobody reads as another.
3. `aud` is this exchange: a token for one hub is worth nothing at another.
4. It lives at most five minutes, and is alive now (a minute of skew allowed): a stolen one is soon worthless.
"""

from collections.abc import Mapping
from typing import Final

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.jws import ACCESS, compact_kid, verify_compact
from hifadhi.referral.directory import Agency, Directory

MAX_LIFE_S: Final = 300
SKEW_S: Final = 60
MAX_TOKEN_BYTES: Final = 2048


def reader(headers: Mapping[str, str], directory: Directory, *, audience: str, now_s: float) -> Agency:
    """The agency that the `Authorization` header proves; `Refused` TOKEN."""
    scheme, _, token = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise _refused("send 'Authorization: Bearer' with a token that your agency's key signed")
    claims, agency = _verified(token, directory)
    _check_claims(claims, audience, now_s)
    if claims["iss"] != agency.id:  # rule 2
        raise _refused("the key is not one of the agency in 'iss'")
    return agency


def _verified(token: str, directory: Directory) -> tuple[dict[str, object], Agency]:
    try:
        kid = compact_kid(token, ACCESS, max_bytes=MAX_TOKEN_BYTES)
        key = directory.keys.get(kid)
        if key is None or key.revoked or key.use != "sign" or key.agency not in directory.agencies:  # rule 2
            raise _refused("no valid signing key of an admitted agency signed this token")
        _, payload = verify_compact(token, typ=ACCESS, keys={kid: key.jwk}, max_bytes=MAX_TOKEN_BYTES)
        claims = strict_json.members(strict_json.parse(payload), ("iss", "aud", "iat", "exp"))  # rule 1
    except Refused as refusal:
        raise _refused(refusal.faults[0].message) from None
    return claims, directory.agencies[key.agency]


def _check_claims(claims: dict[str, object], audience: str, now_s: float) -> None:
    issued, expires = claims["iat"], claims["exp"]
    if claims["aud"] != audience:  # rule 3
        raise _refused("'aud' is not the base URL of this exchange")
    if type(issued) is not int or type(expires) is not int or not 0 < expires - issued <= MAX_LIFE_S:  # rule 4
        raise _refused(f"'exp' is at most {MAX_LIFE_S} seconds after 'iat'")
    if not issued - SKEW_S <= now_s <= expires + SKEW_S:  # rule 4
        raise _refused("the token is not valid now; make a fresh one, and set the clock right")


def _refused(why: str) -> Refused:
    return Refused(Fault("TOKEN", "", why))
