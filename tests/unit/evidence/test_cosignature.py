"""Checkpoints signed with ML-DSA-44 beside Ed25519: the bytes of C2SP, and what becomes of a signature taken away."""

import struct
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import b64, cosignature, note
from hifadhi.evidence.checkpoint import Checkpoint, open_checkpoint, sign
from hifadhi.evidence.jwk import Jwk, PrivateJwk
from hifadhi.evidence.note import Verifier, key_id, open_note

ORIGIN = "hub.example/ledger"
CLASSIC = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
QUANTUM = MLDSA44PrivateKey.from_seed_bytes(bytes(range(32)))
OTHER = MLDSA44PrivateKey.from_seed_bytes(bytes(32))
TREE = Checkpoint(ORIGIN, 20852163, bytes(range(32)))
NOTE = sign(TREE, CLASSIC, QUANTUM)
TEXT, FIRST, SECOND = TREE.body(), *(f"{line}\n" for line in NOTE.splitlines()[-2:])


def verifier(private: MLDSA44PrivateKey = QUANTUM, name: str = ORIGIN) -> Verifier:
    return Verifier(name, private.public_key().public_bytes_raw(), note.ML_DSA_44)


BOTH = (Verifier(ORIGIN, CLASSIC.public_key().public_bytes_raw()), verifier())


def signed_bytes(timestamp: int = 0, *, name: str = ORIGIN, start: int = 0, end: int = TREE.size) -> bytes:
    """The cosigned_message, as tlog-cosignature writes it down."""
    names = [struct.pack(">B", len(one)) + one for one in (name.encode(), ORIGIN.encode())]
    numbers = struct.pack(">QQ", start, end)
    return b"subtree/v1\n\0" + names[0] + struct.pack(">Q", timestamp) + names[1] + numbers + TREE.root


def line(value: bytes, private: MLDSA44PrivateKey = QUANTUM, name: str = ORIGIN) -> str:
    return note.Signature(name, verifier(private, name).key_id, value).line()


def test_the_cosignature_is_over_the_bytes_of_the_specification() -> None:
    raw = b64.decode(SECOND.split(" ")[2].strip())
    assert raw[:4] == key_id(ORIGIN, 0x06, QUANTUM.public_key().public_bytes_raw())
    assert raw[4:12] == bytes(8)
    QUANTUM.public_key().verify(raw[12:], signed_bytes())
    assert len(raw) == 4 + 8 + 2420


def test_a_checkpoint_that_both_keys_signed_opens() -> None:
    assert open_checkpoint(NOTE, ORIGIN, BOTH) == TREE
    assert open_checkpoint(f"{TEXT}\n{SECOND}{FIRST}", ORIGIN, BOTH) == TREE


def test_who_knows_one_of_the_keys_takes_the_other_for_a_strangers() -> None:
    """So a verifier of signed notes that knows Ed25519 only reads such a ledger."""
    for known, unknown in ((BOTH[0], BOTH[1]), (BOTH[1], BOTH[0])):
        opened = open_note(NOTE, [known])
        assert opened.verified == (known,)
        assert [one.key_id for one in opened.unverified] == [unknown.key_id]
        assert open_checkpoint(NOTE, ORIGIN, [known]) == TREE


@pytest.mark.parametrize("lines", [FIRST, SECOND, FIRST * 2, SECOND * 2])
def test_a_signature_that_was_stripped_is_missed(lines: str) -> None:
    with pytest.raises(Tampered, match="lacks a signature"):
        open_checkpoint(f"{TEXT}\n{lines}", ORIGIN, BOTH)


@pytest.mark.parametrize("more", ["\n", "unsigned words\n", "\n\n"])
def test_words_that_a_cosignature_does_not_cover_are_not_taken_for_signed(more: str) -> None:
    with pytest.raises(Tampered):
        note.open_note(f"{TEXT}{more}\n{SECOND}".encode(), [verifier(QUANTUM)])
    assert note.open_note(f"{TEXT}\n{SECOND}".encode(), [verifier(QUANTUM)]).text == TEXT


def test_a_witness_does_not_stand_in_for_the_ledgers_own_key() -> None:
    witness = line(cosignature.sign(TEXT, name="witness.example", private=OTHER), OTHER, "witness.example")
    known = [*BOTH, verifier(OTHER, "witness.example")]
    with pytest.raises(Tampered, match="lacks a signature"):
        open_checkpoint(f"{TEXT}\n{FIRST}{witness}", ORIGIN, known)
    assert open_checkpoint(f"{NOTE}{witness}", ORIGIN, known) == TREE


def test_any_key_of_a_kind_signs_for_its_kind() -> None:
    known = [*BOTH, verifier(OTHER)]
    assert open_checkpoint(NOTE, ORIGIN, known) == TREE
    assert open_checkpoint(sign(TREE, CLASSIC, OTHER), ORIGIN, known) == TREE


@pytest.mark.parametrize(
    "value",
    [
        b"\0",
        bytes(8),
        bytes(2428),
        QUANTUM.sign(signed_bytes()),  # no timestamp
        bytes(8) + QUANTUM.sign(TEXT.encode()),  # as Ed25519 signs
        bytes(8) + QUANTUM.sign(signed_bytes(), context=b"x"),
        bytes(8) + QUANTUM.sign(signed_bytes(1)),
        bytes(8) + QUANTUM.sign(signed_bytes(name="witness.example")),
        bytes(8) + QUANTUM.sign(signed_bytes(start=1)),
        bytes(8) + QUANTUM.sign(signed_bytes(end=TREE.size + 1)),
        bytes(8) + QUANTUM.sign(signed_bytes()) + b"\0",
        b"\x80" + bytes(7) + QUANTUM.sign(signed_bytes(2**63)),  # later than there is
        bytes(8) + OTHER.sign(signed_bytes()),
    ],
)
def test_anything_else_under_the_keys_name_and_id_is_a_forgery(value: bytes) -> None:
    with pytest.raises(Tampered):
        open_checkpoint(f"{TEXT}\n{FIRST}{line(value)}", ORIGIN, BOTH)


def test_a_cosigner_may_say_when() -> None:
    value = cosignature.sign(TEXT, name=ORIGIN, private=QUANTUM, timestamp=1_795_000_000)
    QUANTUM.public_key().verify(value[8:], signed_bytes(1_795_000_000))
    assert open_checkpoint(f"{TEXT}\n{FIRST}{line(value)}", ORIGIN, BOTH) == TREE


def test_what_is_no_checkpoint_is_not_cosigned() -> None:
    root = b64.encode(bytes(32))
    for text in ("", f"{ORIGIN}\n", f"{ORIGIN}\nx\n{root}\n", f"{ORIGIN}\n01\n{root}\n", f"{ORIGIN}\n1\nAAAA\n"):
        with pytest.raises(Tampered):
            cosignature.sign(text, name=ORIGIN, private=QUANTUM)
        assert not cosignature.verify(text, bytes(2428), name=ORIGIN, key=_jwk(QUANTUM))
    for text, name in ((f"\n1\n{root}\n", ORIGIN), (f"{'o' * 256}\n1\n{root}\n", ORIGIN), (TEXT, "n" * 256)):
        with pytest.raises(Tampered, match="255"):
            cosignature.sign(text, name=name, private=QUANTUM)


def _jwk(private: MLDSA44PrivateKey) -> Jwk:
    return Jwk("ML-DSA-44", private.public_key().public_bytes_raw())


def test_a_verifier_string_names_its_type() -> None:
    text = verifier().format()
    assert Verifier.parse(text) == verifier() == Verifier.of(ORIGIN, _jwk(QUANTUM))
    name, ident, key = text.split("+", 2)
    as_ed25519 = b64.encode(b"\x01" + b64.decode(key)[1:])
    for wrong in (f"{name}+{ident}+{as_ed25519}", f"{name}+00000000+{key}", f"{name}+{ident}+{key[:-4]}"):
        with pytest.raises(Refused, match="SCHEMA"):
            Verifier.parse(wrong)


@pytest.mark.parametrize("kind", ["P-256", "X25519", "HPKE-9-KE"])
def test_no_other_kind_of_key_signs_checkpoints(kind: str) -> None:
    with pytest.raises(Refused, match="SCHEMA"):
        Verifier.of(ORIGIN, PrivateJwk.generate(kind).public)


def _flipped(lines: Sequence[str]) -> list[str]:
    raw = lines[1].encode()
    places = range(8 * len(raw) // 10, 8 * len(raw), 997)
    flipped = ((int.from_bytes(raw) ^ 1 << bit).to_bytes(len(raw)) for bit in places)
    return [f"{TEXT}\n{lines[0]}{one.decode('latin-1')}" for one in flipped]


def test_a_flipped_bit_is_found() -> None:
    for changed in _flipped((FIRST, SECOND)):
        with pytest.raises(Tampered):
            open_checkpoint(changed, ORIGIN, BOTH)
