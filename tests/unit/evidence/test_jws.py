import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused
from hifadhi.evidence import b64u, jws
from hifadhi.evidence.jwk import Jwk, PrivateJwk

_ED, _EC = PrivateJwk.generate("Ed25519"), PrivateJwk.generate("P-256")
_PAYLOAD = b'{"format":1,"id":"0192"}'
_ENVELOPE = jws.sign(_PAYLOAD, typ=jws.MESSAGE, keys=[_ED, _EC])

both = pytest.mark.parametrize("key", [_ED, _EC], ids=["Ed25519", "ES256"])


def _value() -> Any:
    return json.loads(_ENVELOPE.to_bytes())


def _protected(**members: Any) -> str:
    return b64u.encode(json.dumps({"alg": "Ed25519", "kid": _ED.kid, "typ": jws.MESSAGE, **members}).encode())


def _refusal(action: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        action()
    return refused.value.code, refused.value.faults[0].pointer


def _parse_refusal(value: object) -> tuple[str, str]:
    return _refusal(lambda: jws.parse_envelope(value, typ=jws.MESSAGE))


@given(payload=st.binary(max_size=jws.MAX_PAYLOAD), keys=st.permutations([_ED, _EC]), count=st.integers(1, 2))
def test_what_is_signed_reads_back_and_verifies(payload: bytes, keys: list[PrivateJwk], count: int) -> None:
    envelope = jws.sign(payload, typ=jws.MESSAGE, keys=keys[:count])
    again = jws.read_envelope(envelope.to_bytes(), typ=jws.MESSAGE)
    assert again == envelope
    assert again.payload == payload
    again.check_algorithms()
    for index, key in enumerate(keys[:count]):
        again.verify(index, key.public)


def test_an_envelope_has_one_form() -> None:
    first, second = _ENVELOPE.signatures
    assert _ENVELOPE.to_bytes() == (
        f'{{"payload":"{b64u.encode(_PAYLOAD)}","signatures":['
        f'{{"protected":"{b64u.encode(first.protected)}","signature":"{b64u.encode(first.value)}"}},'
        f'{{"protected":"{b64u.encode(second.protected)}","signature":"{b64u.encode(second.value)}"}}]}}'
    ).encode("ascii")
    assert first.protected == f'{{"alg":"Ed25519","kid":"{_ED.kid}","typ":"hifadhi-message+jws"}}'.encode()


def test_the_digest_is_the_hash_of_the_payload_alone() -> None:
    again = jws.sign(_PAYLOAD, typ=jws.MESSAGE, keys=[_EC])
    assert again.digest == _ENVELOPE.digest
    assert jws.sign(b"", typ=jws.MESSAGE, keys=[_ED]).digest == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


@both
def test_one_flipped_bit_anywhere_is_refused(key: PrivateJwk) -> None:
    raw = jws.sign(_PAYLOAD, typ=jws.MESSAGE, keys=[key]).to_bytes()
    jws.read_envelope(raw, typ=jws.MESSAGE).verify(0, key.public)
    for bit in range(8 * len(raw)):
        flipped = bytearray(raw)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Refused):
            jws.read_envelope(bytes(flipped), typ=jws.MESSAGE).verify(0, key.public)


def test_another_order_or_white_space_parses_but_is_not_the_kept_form() -> None:
    value = _value()
    for raw in (json.dumps(value).encode(), json.dumps(dict(reversed(value.items())), separators=(",", ":")).encode()):
        assert jws.parse_envelope(json.loads(raw), typ=jws.MESSAGE) == _ENVELOPE
        assert _refusal(partial(jws.read_envelope, raw, typ=jws.MESSAGE)) == ("SCHEMA", "")


_ONE = jws.sign(_PAYLOAD, typ=jws.MESSAGE, keys=[_ED]).to_bytes()
_PIECES = st.sampled_from(
    [b'"', b"\\", b"\\u0041", b"\\/", b"A", b"=", b"-", b"+", b" ", b",", b"}", b"\xff", b"\xc3\xa9", b'",""']
)


@given(at=st.integers(0, len(_ONE)), cut=st.integers(0, 3), piece=_PIECES)
def test_what_is_cut_at_its_quotes_is_read_as_json_would_be(at: int, cut: int, piece: bytes) -> None:
    for raw in (_ONE, _ONE[:at] + piece + _ONE[at + cut :]):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(jws, "_cut", lambda _: None)
            by_json = _outcome(raw)
        assert _outcome(raw) == by_json


def _outcome(raw: bytes) -> object:
    try:
        return jws.read_envelope(raw, typ=jws.MESSAGE)
    except Refused as refusal:
        return refusal.faults


def test_a_header_that_another_library_wrote_in_another_order_verifies() -> None:
    header = f'{{ "typ": "{jws.MESSAGE}", "kid": "{_ED.kid}", "alg": "Ed25519" }}'.encode()
    text = f"{b64u.encode(header)}.{b64u.encode(_PAYLOAD)}"
    entry = {"protected": b64u.encode(header), "signature": b64u.encode(_ED.sign(text.encode()))}
    envelope = jws.parse_envelope({"payload": b64u.encode(_PAYLOAD), "signatures": [entry]}, typ=jws.MESSAGE)
    envelope.verify(0, _ED.public)
    assert jws.read_envelope(envelope.to_bytes(), typ=jws.MESSAGE) == envelope


@pytest.mark.parametrize("value", [None, [], "text", {}, {"payload": "AA"}, {**_value(), "header": {}}])
def test_an_envelope_has_exactly_its_members(value: object) -> None:
    assert _parse_refusal(value) == ("SCHEMA", "")


@pytest.mark.parametrize("signatures", [None, {}, [], "AA", _value()["signatures"] * 5])
def test_an_envelope_has_one_to_eight_signatures(signatures: object) -> None:
    assert _parse_refusal({**_value(), "signatures": signatures}) == ("SCHEMA", "/signatures")


@pytest.mark.parametrize("entry", [None, [], {"protected": "AA"}, {**_value()["signatures"][0], "header": {}}])
def test_a_signature_has_exactly_its_members(entry: object) -> None:
    value = {**_value(), "signatures": [_value()["signatures"][0], entry]}
    assert _parse_refusal(value) == ("SCHEMA", "/signatures/1")


@pytest.mark.parametrize(
    ("protected", "code"),
    [
        (None, "SCHEMA"),
        ([], "SCHEMA"),
        ("=", "BAD_ENCODING"),
        (_protected() + "=", "BAD_ENCODING"),
        (b64u.encode(b"{"), "NOT_JSON"),
        (b64u.encode(b"\xff"), "BAD_ENCODING"),
        (b64u.encode(b"[]"), "SCHEMA"),
        (b64u.encode(b'{"alg":"Ed25519","alg":"ES256"}'), "DUPLICATE_KEY"),
        (b64u.encode(b'{"alg":{}}'), "TOO_DEEP"),
        (_protected(crit=["b64"]), "TOO_DEEP"),
        (_protected(jku="a"), "SCHEMA"),
        (_protected(typ=jws.RECEIPT), "SCHEMA"),
        (_protected(typ=None), "SCHEMA"),
        (_protected(alg=None), "SCHEMA"),
        (_protected(kid=None), "SCHEMA"),
        (_protected(kid="key-1"), "BAD_ENCODING"),
        (_protected(alg="A" * 512), "SCHEMA"),
    ],
)
def test_a_protected_header_is_strict(protected: object, code: str) -> None:
    value = {**_value(), "signatures": [{"protected": protected, "signature": "AA"}]}
    assert _parse_refusal(value) == (code, "/signatures/0/protected")


def test_pointers_start_where_the_envelope_stands() -> None:
    value = {**_value(), "payload": 1}
    refusal = _refusal(lambda: jws.parse_envelope(value, typ=jws.MESSAGE, pointer="/header"))
    assert refusal == ("SCHEMA", "/header/payload")
    refusal = _refusal(lambda: _ENVELOPE.verify(1, _ED.public, pointer="/header"))
    assert refusal == ("ALGORITHM", "/header/signatures/1/protected")


@pytest.mark.parametrize("signature", [None, 5, "A", "AA=", "A" * 2000])
def test_a_signature_value_is_strict(signature: object) -> None:
    value = {**_value(), "signatures": [{"protected": _protected(), "signature": signature}]}
    code, pointer = _parse_refusal(value)
    assert code in {"SCHEMA", "BAD_ENCODING"}
    assert pointer == "/signatures/0/signature"


def test_a_payload_of_more_than_six_kibibytes_is_too_large() -> None:
    full = jws.sign(b"a" * 6144, typ=jws.MESSAGE, keys=[_ED])
    assert jws.read_envelope(full.to_bytes(), typ=jws.MESSAGE) == full
    over = jws.sign(b"a" * 6145, typ=jws.MESSAGE, keys=[_ED])
    assert _parse_refusal(json.loads(over.to_bytes())) == ("TOO_LARGE", "/payload")
    assert _parse_refusal({**_value(), "payload": "?" * 100_000_000}) == ("TOO_LARGE", "/payload")


def test_the_largest_envelope_is_kept_and_a_larger_one_not_even_parsed() -> None:
    keys = [PrivateJwk.generate("Ed25519") for _ in range(jws.MAX_SIGNATURES)]
    largest = jws.sign(b"a" * jws.MAX_PAYLOAD, typ=jws.MESSAGE, keys=keys)
    assert jws.read_envelope(largest.to_bytes(), typ=jws.MESSAGE) == largest
    more = jws.sign(b"{}", typ=jws.MESSAGE, keys=[*keys, _ED])
    assert _parse_refusal(json.loads(more.to_bytes())) == ("SCHEMA", "/signatures")
    assert _refusal(lambda: jws.read_envelope(b"[" * 40_000, typ=jws.MESSAGE)) == ("TOO_LARGE", "")


def test_one_key_does_not_sign_twice() -> None:
    value = {**_value(), "signatures": _value()["signatures"][:1] * 2}
    assert _parse_refusal(value) == ("SCHEMA", "/signatures")


@pytest.mark.parametrize("alg", ["none", "EdDSA", "HS256", "RS256", "ES384", "ed25519", ""])
def test_another_algorithm_parses_and_is_then_refused_by_name(alg: str) -> None:
    value = {**_value(), "signatures": [{"protected": _protected(alg=alg), "signature": ""}]}
    envelope = jws.parse_envelope(value, typ=jws.MESSAGE)
    assert _refusal(envelope.check_algorithms) == ("ALGORITHM", "/signatures/0/protected")
    assert _refusal(lambda: envelope.verify(0, _ED.public)) == ("ALGORITHM", "/signatures/0/protected")


def test_both_algorithms_of_the_design_pass() -> None:
    _ENVELOPE.check_algorithms()


def test_the_algorithm_is_the_keys_own() -> None:
    header = f'{{"alg":"ES256","kid":"{_ED.kid}","typ":"{jws.MESSAGE}"}}'.encode()
    signed = _ED.sign(f"{b64u.encode(header)}.{b64u.encode(_PAYLOAD)}".encode())
    envelope = jws.Envelope(_PAYLOAD, (jws.Signature(header, "ES256", _ED.kid, jws.MESSAGE, signed),))
    assert _refusal(lambda: envelope.verify(0, _ED.public)) == ("ALGORITHM", "/signatures/0/protected")


def test_a_header_that_names_another_key_does_not_verify() -> None:
    other = PrivateJwk.generate("Ed25519")
    header = f'{{"alg":"Ed25519","kid":"{other.kid}","typ":"{jws.MESSAGE}"}}'.encode()
    signed = _ED.sign(f"{b64u.encode(header)}.{b64u.encode(_PAYLOAD)}".encode())
    envelope = jws.Envelope(_PAYLOAD, (jws.Signature(header, "Ed25519", other.kid, jws.MESSAGE, signed),))
    assert _refusal(lambda: envelope.verify(0, _ED.public)) == ("SIGNATURE", "/signatures/0/protected")
    assert _refusal(lambda: envelope.verify(0, other.public)) == ("SIGNATURE", "/signatures/0/signature")


def test_signatures_do_not_answer_for_each_other() -> None:
    first, second = _ENVELOPE.signatures
    swapped = jws.Envelope(_PAYLOAD, (second, first))
    swapped.verify(0, _EC.public)
    assert _refusal(lambda: swapped.verify(0, _ED.public))[0] == "ALGORITHM"
    assert _refusal(lambda: jws.Envelope(b"other", (first,)).verify(0, _ED.public))[0] == "SIGNATURE"


def test_a_signature_that_is_not_there_does_not_verify() -> None:
    assert _refusal(lambda: _ENVELOPE.verify(2, _ED.public)) == ("SIGNATURE", "/signatures")


def _keys(*keys: PrivateJwk) -> dict[str, Jwk]:
    return {key.kid: key.public for key in keys}


def _check(token: str, typ: str = jws.RECEIPT) -> tuple[str, bytes]:
    return jws.verify_compact(token, typ=typ, keys=_keys(_ED, _EC))


@given(payload=st.binary(max_size=300), key=st.sampled_from([_ED, _EC]))
def test_a_compact_signature_gives_back_its_key_and_payload(payload: bytes, key: PrivateJwk) -> None:
    token = jws.sign_compact(payload, typ=jws.RECEIPT, key=key)
    assert jws.compact_kid(token, jws.RECEIPT) == key.kid
    assert _check(token) == (key.kid, payload)


@both
def test_one_flipped_bit_anywhere_in_a_compact_signature_is_refused(key: PrivateJwk) -> None:
    token = jws.sign_compact(b"stored", typ=jws.RECEIPT, key=key)
    for bit in range(8 * len(token)):
        place, flip = bit // 8, 1 << bit % 8
        with pytest.raises(Refused):
            _check(token[:place] + chr(ord(token[place]) ^ flip) + token[place + 1 :])


def test_one_kind_of_thing_does_not_pass_for_another() -> None:
    kinds = [jws.MESSAGE, jws.RECEIPT, jws.REFUSAL, jws.ACCESS]
    assert len(set(kinds)) == 4
    for kind in kinds:
        token = jws.sign_compact(b"{}", typ=kind, key=_ED)
        for other in kinds:
            if other == kind:
                assert _check(token, other) == (_ED.kid, b"{}")
            else:
                assert _refusal(partial(_check, token, other)) == ("SCHEMA", "/protected")
                assert _refusal(partial(jws.compact_kid, token, other)) == ("SCHEMA", "/protected")


def test_a_key_that_is_not_known_is_said_so() -> None:
    token = jws.sign_compact(b"{}", typ=jws.RECEIPT, key=PrivateJwk.generate("Ed25519"))
    assert _refusal(lambda: _check(token))[0] == "KEY_UNKNOWN"


def test_a_key_filed_under_a_foreign_name_does_not_verify() -> None:
    token = jws.sign_compact(b"{}", typ=jws.RECEIPT, key=_ED)
    wrong = {_ED.kid: PrivateJwk.generate("Ed25519").public}
    assert _refusal(lambda: jws.verify_compact(token, typ=jws.RECEIPT, keys=wrong))[0] == "SIGNATURE"


@pytest.mark.parametrize("token", ["", ".", "..", "...", "a.b", "a.b.c.d", "\ud800..", " . . "])
def test_what_is_not_three_pieces_is_refused(token: str) -> None:
    assert _refusal(lambda: _check(token))[0] in {"SCHEMA", "BAD_ENCODING", "NOT_JSON"}


def test_an_unsecured_token_is_refused() -> None:
    header = f'{{"alg":"none","kid":"{_ED.kid}","typ":"{jws.RECEIPT}"}}'
    assert _refusal(lambda: _check(f"{b64u.encode(header.encode())}.{b64u.encode(b'{}')}."))[0] == "ALGORITHM"


def test_a_token_that_is_too_long_is_refused_unread() -> None:
    token = jws.sign_compact(b"a" * 1000, typ=jws.RECEIPT, key=_ED)
    for max_bytes, fits in ((len(token), True), (len(token) - 1, False)):
        if fits:
            jws.verify_compact(token, typ=jws.RECEIPT, keys=_keys(_ED), max_bytes=max_bytes)
        else:
            with pytest.raises(Refused, match="TOO_LARGE"):
                jws.verify_compact(token, typ=jws.RECEIPT, keys=_keys(_ED), max_bytes=max_bytes)
    assert _refusal(lambda: _check("." * 10_000_000))[0] == "TOO_LARGE"
