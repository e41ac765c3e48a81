import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused
from hifadhi.evidence import b64u, jwe
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ECDH_ES_A256KW, HPKE_9_KE

_ECDH, _HPKE = ECDH_ES_A256KW, HPKE_9_KE
_KINDS = {"P-256": ("P-256",) * 3, "mixed": ("X25519", "P-256", "X25519"), _HPKE: (_HPKE,) * 3}
_SUITES = {"P-256": _ECDH, "mixed": _ECDH, _HPKE: _HPKE}
_READERS = {name: [PrivateJwk.generate(kind) for kind in kinds] for name, kinds in _KINDS.items()}
_KEYS = _READERS["P-256"]
_STRANGER = PrivateJwk.generate("P-256")
_WHERE = {"message": "01926a4e-0000-7000-8000-000000000000", "part": "content", "sender": "MZ-INAR"}


def _seal(plaintext: bytes = b"secret", count: int = 2) -> str:
    return jwe.seal(plaintext, **_WHERE, readers=[key.public for key in _KEYS[:count]])


def _open(sealed: str, key: PrivateJwk = _KEYS[0], suite: str = _ECDH, **where: str) -> bytes:
    return jwe.open_sealed(sealed, suite=suite, keys=(key,), **{**_WHERE, **where})


_SEALED = _seal()


def _changed(change: Callable[[Any], object]) -> str:
    value = json.loads(_SEALED)
    change(value)
    return json.dumps(value)


def _refused(sealed: str, pointer: str | None = None, key: PrivateJwk = _KEYS[0], **where: str) -> None:
    with pytest.raises(Refused) as refused:
        _open(sealed, key, **where)
    assert [fault.code for fault in refused.value.faults] == ["UNOPENABLE"]
    if pointer is not None:
        assert refused.value.faults[0].pointer == pointer


@given(plaintext=st.binary(max_size=5000), count=st.integers(1, 3), readers=st.sampled_from(sorted(_READERS)))
def test_every_reader_opens_what_was_sealed(plaintext: bytes, count: int, readers: str) -> None:
    keys, suite = _READERS[readers][:count], _SUITES[readers]
    sealed = jwe.seal(plaintext, **_WHERE, readers=[key.public for key in keys])
    assert [_open(sealed, key, suite) for key in keys] == [plaintext] * count
    assert jwe.open_sealed(sealed, suite=suite, keys=(_STRANGER, *keys), **_WHERE) == plaintext


def test_a_part_of_the_second_suite_is_the_written_format() -> None:
    (entry,) = json.loads(_sealed_to(_READERS[_HPKE][:1]))["recipients"]
    assert list(entry["header"]) == ["alg", "kid", "ek"]
    assert entry["header"]["alg"] == "HPKE-9-KE"
    assert (len(b64u.decode(entry["header"]["ek"])), len(b64u.decode(entry["encrypted_key"]))) == (1120, 48)


def _sealed_to(readers: list[PrivateJwk]) -> str:
    return jwe.seal(b"secret", **_WHERE, readers=[key.public for key in readers])


def test_a_part_opens_only_in_the_suite_that_the_message_names() -> None:
    for readers, suite in _SUITES.items():
        other = _HPKE if suite == _ECDH else _ECDH
        with pytest.raises(Refused) as refused:
            _open(_sealed_to(_READERS[readers]), _READERS[readers][0], other)
        assert [fault.pointer for fault in refused.value.faults] == ["/recipients/0/header/alg"]


@pytest.mark.parametrize(("suite", "most"), [(_ECDH, 400), (_HPKE, 1700)])
def test_a_part_grows_with_its_readers_by_so_many_bytes_each(suite: str, most: int) -> None:
    readers = [PrivateJwk.generate(suite if suite == _HPKE else "P-256").public for _ in range(jwe.MAX_READERS)]
    one, all_of_them = (len(jwe.seal(b"a" * 4096, **_WHERE, readers=readers[:count])) for count in (1, len(readers)))
    assert (all_of_them - one) / (len(readers) - 1) < most
    assert all_of_them < jwe.MAX_SEALED // 8


def test_suites_are_not_mixed_in_one_part() -> None:
    with pytest.raises(Refused, match="ALGORITHM"):
        _sealed_to([_KEYS[0], _READERS[_HPKE][0]])
    mixed = json.loads(_sealed_to(_READERS[_HPKE][:1]))
    mixed["recipients"] += json.loads(_SEALED)["recipients"]
    with pytest.raises(Refused) as refused:
        _open(json.dumps(mixed), _READERS[_HPKE][0], _HPKE)
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == [
        ("UNOPENABLE", "/recipients/1/header/alg")
    ]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda v: v["recipients"][0]["header"].update(ek="AA"), "/recipients/0/header/ek"),
        (lambda v: v["recipients"][0]["header"].update(ek=None), "/recipients/0/header/ek"),
        (lambda v: v["recipients"][0]["header"].update(psk_id="AA"), "/recipients/0/header"),
        (lambda v: v["recipients"][0]["header"].update(ek=b64u.encode(bytes(1120))), ""),
        (lambda v: v["recipients"][0].update(encrypted_key="A" * 54), "/recipients/0/encrypted_key"),
        (lambda v: v["recipients"][0].update(encrypted_key="A" * 64), ""),
    ],
)
def test_the_second_suite_is_strict(change: Callable[[Any], object], pointer: str) -> None:
    value = json.loads(_sealed_to(_READERS[_HPKE]))
    change(value)
    with pytest.raises(Refused) as refused:
        _open(json.dumps(value), _READERS[_HPKE][0], _HPKE)
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == [("UNOPENABLE", pointer)]


def test_an_ephemeral_key_of_the_other_curve_or_of_small_order_is_refused() -> None:
    value = json.loads(_sealed_to(_READERS["mixed"]))
    for epk in (_KEYS[0].public.as_dict(), {"crv": "X25519", "kty": "OKP", "x": b64u.encode(bytes(32))}):
        value["recipients"][0]["header"]["epk"] = epk
        with pytest.raises(Refused, match="UNOPENABLE"):
            _open(json.dumps(value), _READERS["mixed"][0])


def test_a_sealed_part_is_the_written_format() -> None:
    value = json.loads(_SEALED)
    assert json.dumps(value, separators=(",", ":")) == _SEALED
    assert list(value) == ["protected", "recipients", "iv", "ciphertext", "tag"]
    assert b64u.decode(value["protected"]) == (
        b'{"enc":"A256GCM","typ":"hifadhi-part+jwe","message":"01926a4e-0000-7000-8000-000000000000",'
        b'"part":"content","from":"MZ-INAR"}'
    )
    entry = value["recipients"][0]
    assert list(entry) == ["header", "encrypted_key"]
    assert list(entry["header"]) == ["alg", "kid", "epk"]
    assert entry["header"]["alg"] == "ECDH-ES+A256KW"


def test_everything_random_is_fresh_each_time() -> None:
    values = [json.loads(_seal(count=3)) for _ in range(3)]
    entries = [entry for value in values for entry in value["recipients"]]
    assert len({entry["header"]["epk"]["x"] for entry in entries}) == 9
    assert len({entry["encrypted_key"] for entry in entries}) == 9
    assert len({value["iv"] for value in values}) == 3
    assert len({value["ciphertext"] for value in values}) == 3


def test_who_is_no_reader_cannot_open() -> None:
    _refused(_SEALED, "/recipients", _STRANGER)
    _refused(_SEALED, "/recipients", PrivateJwk.generate("Ed25519"))


def test_a_reader_named_with_anothers_entry_cannot_open() -> None:
    def name_the_stranger(value: Any) -> None:
        value["recipients"][0]["header"]["kid"] = _STRANGER.kid

    _refused(_changed(name_the_stranger), "", _STRANGER)


@pytest.mark.parametrize("where", [{"message": "other"}, {"part": "sensitive"}, {"sender": "ZA-DHA"}])
def test_a_ciphertext_cannot_move_to_another_message_part_or_sender(where: dict[str, str]) -> None:
    _refused(_SEALED, "/protected", _KEYS[0], **where)


def test_a_rewritten_header_does_not_authenticate() -> None:
    def move(value: Any) -> None:
        header = json.loads(b64u.decode(value["protected"]))
        value["protected"] = b64u.encode(json.dumps({**header, "part": "sensitive"}).encode())

    _refused(_changed(move), "", part="sensitive")


@pytest.mark.parametrize("readers", _READERS)
def test_one_flipped_bit_anywhere_is_refused(readers: str) -> None:
    key = _READERS[readers][0]
    sealed = jwe.seal(b"a", **_WHERE, readers=[key.public])
    for bit in range(0, 8 * len(sealed), 1 + len(sealed) // 1000):
        place, flip = bit // 8, 1 << bit % 8
        changed = sealed[:place] + chr(ord(sealed[place]) ^ flip) + sealed[place + 1 :]
        with pytest.raises(Refused, match="UNOPENABLE"):
            _open(changed, key, _SUITES[readers])


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda v: v.pop("tag"), ""),
        (lambda v: v.update(aad="AA"), ""),
        (lambda v: v.update(unprotected={"alg": "dir"}), ""),
        (lambda v: v.update(recipients={}), "/recipients"),
        (lambda v: v.update(recipients=[]), "/recipients"),
        (lambda v: v.update(recipients=v["recipients"] * 33), "/recipients"),
        (lambda v: v.update(recipients=v["recipients"][:1] * 2), "/recipients"),
        (lambda v: v["recipients"].append("reader"), "/recipients/2"),
        (lambda v: v["recipients"][1].update(more=1), "/recipients/1"),
        (lambda v: v["recipients"][1]["header"].update(apu="AA"), "/recipients/1/header"),
        (lambda v: v["recipients"][1]["header"].pop("kid"), "/recipients/1/header"),
        (lambda v: v["recipients"][1]["header"].update(kid=1), "/recipients/1/header/kid"),
        (lambda v: v["recipients"][1]["header"].update(kid="key-1"), "/recipients/1/header/kid"),
        (lambda v: v["recipients"][1]["header"].update(alg="HPKE-9-KE"), "/recipients/1/header/alg"),
        (lambda v: v["recipients"][0]["header"].update(alg="dir"), "/recipients/0/header/alg"),
        (lambda v: v["recipients"][0]["header"].update(epk=None), "/recipients/0/header/epk"),
        (lambda v: v["recipients"][0]["header"]["epk"].update(d="AA"), "/recipients/0/header/epk"),
        (lambda v: v["recipients"][0]["header"]["epk"].update(x="AA"), "/recipients/0/header/epk/x"),
        (lambda v: v["recipients"][0].update(encrypted_key="AA"), "/recipients/0/encrypted_key"),
        (lambda v: v.update(protected=None), "/protected"),
        (lambda v: v.update(protected="?"), "/protected"),
        (lambda v: v.update(protected=b64u.encode(b'{"enc":"A256GCM","enc":"A256GCM"}')), "/protected"),
        (lambda v: v.update(iv="AA"), "/iv"),
        (lambda v: v.update(tag=v["tag"][:-4]), "/tag"),
        (lambda v: v.update(ciphertext=v["ciphertext"] + "="), "/ciphertext"),
        (lambda v: v.update(ciphertext=None), "/ciphertext"),
        (lambda v: v.update(ciphertext=""), ""),
    ],
)
def test_a_sealed_part_is_strict(change: Callable[[Any], object], pointer: str) -> None:
    _refused(_changed(change), pointer)


def test_an_ephemeral_key_off_the_curve_or_on_another_is_refused() -> None:
    def off(value: Any) -> None:
        epk = value["recipients"][0]["header"]["epk"]
        epk["y"] = epk["x"]

    def ed25519(value: Any) -> None:
        value["recipients"][0]["header"]["epk"] = PrivateJwk.generate("Ed25519").public.as_dict()

    _refused(_changed(off), "/recipients/0/header/epk/x")
    _refused(_changed(ed25519))


def test_a_byte_moved_from_the_ciphertext_into_the_tag_is_refused() -> None:
    def move(value: Any) -> None:
        ciphertext, tag = b64u.decode(value["ciphertext"]), b64u.decode(value["tag"])
        value.update(ciphertext=b64u.encode(ciphertext[:-1]), tag=b64u.encode(ciphertext[-1:] + tag))

    _refused(_changed(move), "/tag")


@pytest.mark.parametrize(("count", "opens"), [(64, True), (65, False)])
def test_a_part_names_at_most_sixty_four_readers(count: int, opens: bool) -> None:
    def add(value: Any) -> None:
        first, *_ = value["recipients"]
        kids = [b64u.encode(bytes([number] * 32)) for number in range(count - 1)]
        value["recipients"] = [first, *({**first, "header": {**first["header"], "kid": kid}} for kid in kids)]

    if opens:
        assert _open(_changed(add)) == b"secret"
    else:
        _refused(_changed(add), "/recipients")


def test_a_part_has_at_most_a_mebibyte() -> None:
    assert _open(_SEALED.ljust(jwe.MAX_SEALED)) == b"secret"
    _refused(_SEALED.ljust(jwe.MAX_SEALED + 1), "")


@pytest.mark.parametrize(
    "sealed", ["", "[]", "{", '"\ud800"', '{"a":1,"a":1}', "[" * 500_000, "a" * (jwe.MAX_SEALED + 1), "é" * 600_000]
)
def test_what_is_no_sealed_part_is_refused(sealed: str) -> None:
    _refused(sealed, "")


def test_a_part_is_sealed_to_some_readers_and_to_each_once() -> None:
    for readers in ([], [_KEYS[0].public] * 2, [_KEYS[0].public] * 65):
        with pytest.raises(Refused, match="SCHEMA"):
            jwe.seal(b"", **_WHERE, readers=readers)


def test_a_part_is_not_sealed_to_a_signing_key() -> None:
    with pytest.raises(Refused, match="ALGORITHM"):
        jwe.seal(b"", **_WHERE, readers=[PrivateJwk.generate("Ed25519").public])


def test_the_largest_plaintext_fits_and_more_is_too_large() -> None:
    assert _open(_seal(b"a" * 512 * 1024)) == b"a" * 512 * 1024
    with pytest.raises(Refused, match="TOO_LARGE"):
        _seal(b"a" * jwe.MAX_SEALED)


def test_the_digest_is_the_hash_of_the_strings_bytes() -> None:
    assert jwe.digest(_SEALED) == b64u.encode(sha256(_SEALED.encode()).digest())
    assert jwe.digest("é") == b64u.encode(sha256(b"\xc3\xa9").digest())
    with pytest.raises(Refused, match="BAD_ENCODING"):
        jwe.digest("\ud800")
