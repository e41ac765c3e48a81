"""The worked examples of the RFCs that our profile rests on."""

from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from hifadhi.errors import Refused
from hifadhi.evidence import b64u, jws, strict_json
from hifadhi.evidence.jwk import Jwk, PrivateJwk
from hifadhi.evidence.sealing_suites import derive_key

_RFC8037_A1 = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
_RFC8037_A4 = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)
_RFC7515_A3 = (
    "eyJhbGciOiJFUzI1NiJ9."
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
_RFC7515_A3_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
_RFC7518_C_ALICE = {
    "kty": "EC",
    "crv": "P-256",
    "x": "gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0",
    "y": "SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps",
    "d": "0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo",
}
_RFC7518_C_BOB = {
    "kty": "EC",
    "crv": "P-256",
    "x": "weNJy2HscCSM6AEDTDg04biOvhFhyyWvOHQfeF_PxMQ",
    "y": "e8lnCO-AlStT-NJVX-crhB7QRYhiix03illJOVAOyck",
    "d": "VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw",
}


def _exchange(mine: PrivateJwk, theirs: Jwk) -> bytes:
    assert isinstance(mine.key, ec.EllipticCurvePrivateKey)
    assert isinstance(theirs.key, ec.EllipticCurvePublicKey)
    return mine.key.exchange(ec.ECDH(), theirs.key)


def test_rfc_7638_thumbprint_of_section_3_1() -> None:
    """The example's key is RSA, which we refuse as a key, so this runs the same three steps over its members."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs"
        "tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajr"
        "n1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"
    )
    members = strict_json.dump({"e": "AQAB", "kty": "RSA", "n": modulus})
    assert b64u.encode(sha256(members).digest()) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_rfc_8037_thumbprint_of_appendix_a_3() -> None:
    assert PrivateJwk.parse(_RFC8037_A1).kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_rfc_8037_signature_of_appendix_a_4_is_made_and_verified_bit_for_bit() -> None:
    key = PrivateJwk.parse(_RFC8037_A1)
    signed, _, signature = _RFC8037_A4.rpartition(".")
    assert b64u.encode(key.sign(signed.encode())) == signature
    assert key.public.verify(b64u.decode(signature), signed.encode())


def test_rfc_8037_jws_of_appendix_a_4_is_not_of_our_profile() -> None:
    key = PrivateJwk.parse(_RFC8037_A1)
    with pytest.raises(Refused, match="SCHEMA"):
        jws.verify_compact(_RFC8037_A4, typ=jws.MESSAGE, keys={key.kid: key.public})


def test_rfc_7515_es256_signature_of_appendix_a_3_verifies() -> None:
    signed, _, signature = _RFC7515_A3.rpartition(".")
    assert Jwk.parse(_RFC7515_A3_KEY).verify(b64u.decode(signature), signed.encode())


def test_rfc_7518_key_agreement_of_appendix_c_from_both_sides() -> None:
    alice, bob = PrivateJwk.parse(_RFC7518_C_ALICE), PrivateJwk.parse(_RFC7518_C_BOB)
    for mine, theirs in ((alice, bob), (bob, alice)):
        secret = _exchange(mine, theirs.public)
        derived = derive_key(secret, "A128GCM", length=16, apu=b"Alice", apv=b"Bob")
        assert b64u.encode(derived) == "VqqN6vgjbSBcIijNcacQGg"
