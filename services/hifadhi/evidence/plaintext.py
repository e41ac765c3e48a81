"""What is sealed into a part: a body with its salt, its schema's name, and padding.

The commitment, SHA-256 of the whole plaintext, stands in the signed header. The salt keeps anyone from guessing the
body by its hash; the padding keeps its length from telling what it says (Padmé: Nikitin et al., "Reducing Metadata
Leakage from Encrypted Files and Communication with PURBs", PoPETs 2019).

Rules for opening, and the attack that each stops:

1. The plaintext hashes to the commitment: AES-GCM lets one ciphertext open to two texts under two keys.
2. Strict JSON with exactly these members: two readers of one plaintext who see different bodies.
3. The schema is the one that the signed header names: a body judged by other rules than it was declared under.
4. The salt has 32 bytes and the length is Padmé's: a sender whose software silently gives its people's secrets away.
"""

from hashlib import sha256
from typing import Any, Final

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import b64u, strict_json

SALT_BYTES: Final = 32
MAX_PLAINTEXT: Final = 512 * 1024


def wrap(body: dict[str, Any], *, schema: str, floor: int, salt: bytes) -> bytes:
    """The plaintext of a body, at least `floor` bytes long; `salt` is 32 fresh random bytes.

    Refused: what `unwrap` would refuse; TOO_LARGE above 512 KiB.
    """
    bare = strict_json.dump({"salt": b64u.encode(salt), "schema": schema, "body": body, "pad": ""})
    missing = padme(max(len(bare), floor)) - len(bare)
    plaintext = bare.removesuffix(b'"}') + b"0" * missing + b'"}'
    unwrap(plaintext, schema=schema, commitment=commitment(plaintext))
    return plaintext


def commitment(plaintext: bytes) -> str:
    """SHA-256 of the plaintext, in base64url."""
    return b64u.encode(sha256(plaintext).digest())


def unwrap(plaintext: bytes, *, schema: str, commitment: str) -> dict[str, Any]:
    """The body of a plaintext. Refused: COMMITMENT, TOO_LARGE, SCHEMA, and the codes of strict JSON."""
    if b64u.encode(sha256(plaintext).digest()) != commitment:  # rule 1
        raise Refused(Fault("COMMITMENT", "", "the opened text is not the one that the header commits to"))
    if len(plaintext) > MAX_PLAINTEXT:
        raise Refused(Fault("TOO_LARGE", "", f"a part has at most {MAX_PLAINTEXT} bytes before it is sealed"))
    members = strict_json.members(strict_json.parse(plaintext), ("salt", "schema", "body", "pad"))  # rule 2
    if members["schema"] != schema:  # rule 3
        raise Refused(Fault("SCHEMA", "/schema", "must be the schema that the header names"))
    b64u.decode(members["salt"], pointer="/salt", length=SALT_BYTES)  # rule 4
    if not isinstance(members["pad"], str) or len(plaintext) != padme(len(plaintext)):  # rule 4
        raise Refused(Fault("SCHEMA", "/pad", "must bring the whole to a length of Padmé's"))
    body = members["body"]
    if not isinstance(body, dict):
        raise Refused(Fault("SCHEMA", "/body", "must be an object"))
    return body


def padme(length: int) -> int:
    """The padded length of `length` bytes: at most 12 % more, and few distinct lengths (PURBs §4.3)."""
    if length < 2:  # noqa: PLR2004 - the logarithms start here
        return length
    exponent = length.bit_length() - 1
    free_bits = exponent - exponent.bit_length()
    mask = (1 << free_bits) - 1
    return (length + mask) & ~mask
