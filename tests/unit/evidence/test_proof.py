from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Tampered
from hifadhi.evidence import b64, checkpoint
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.note import Verifier
from hifadhi.evidence.proof import MAX_HASHES, Proof, parse
from hifadhi.evidence.tree import MAX_SIZE, inclusion_proof
from unit.evidence import merkle

ORIGIN = "hub.example/ledger"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
VERIFIER = Verifier(ORIGIN, PRIVATE.public_key().public_bytes_raw())


def make(index: int, size: int) -> Proof:
    entries = merkle.entries(size)
    signed = checkpoint.sign(Checkpoint(ORIGIN, size, merkle.mth(entries)), PRIVATE)
    return Proof(index, tuple(inclusion_proof(index, size, merkle.reader(entries))), signed)


@st.composite
def proofs(draw: st.DrawFn) -> Proof:
    size = draw(st.integers(1, 40))
    return make(draw(st.integers(0, size - 1)), size)


FIRST, INDEX, NOTE = "c2sp.org/tlog-proof@v1", "index 5", make(5, 11).checkpoint_note
HASHES = [b64.encode(each) for each in make(5, 11).hashes]


def text(*lines: str) -> str:
    return "\n".join(lines)


@given(proofs(), st.binary(max_size=5))
def test_a_proof_comes_back_from_its_text_and_verifies(made: Proof, extra: bytes) -> None:
    made = replace(made, extra=extra)
    assert parse(made.format()) == parse(made.format().encode()) == made
    sealed = made.verify(b"entry %d" % made.index, ORIGIN, [VERIFIER])
    assert sealed.body() + "\n" == made.checkpoint_note[: len(sealed.body()) + 1]


def test_the_text_is_that_of_the_specification() -> None:
    assert make(5, 11).format() == text(FIRST, INDEX, *HASHES, "", NOTE)
    assert replace(make(5, 11), extra=b"ab").format() == text(FIRST, "extra YWI=", INDEX, *HASHES, "", NOTE)
    assert make(0, 1).format() == text(FIRST, "index 0", "", make(0, 1).checkpoint_note)


def test_every_bit_of_a_proof_counts() -> None:
    raw = make(5, 11).format().encode()
    number = int.from_bytes(raw)
    for bit in range(8 * len(raw)):
        with pytest.raises(Tampered):
            parse((number ^ (1 << bit)).to_bytes(len(raw))).verify(b"entry 5", ORIGIN, [VERIFIER])


@given(proofs(), st.integers(0, 40))
def test_a_proof_serves_its_own_entry_and_index_only(made: Proof, other: int) -> None:
    with pytest.raises(Tampered):
        made.verify(b"another entry", ORIGIN, [VERIFIER])
    if other != made.index:
        with pytest.raises(Tampered):
            replace(made, index=other).verify(b"entry %d" % made.index, ORIGIN, [VERIFIER])


def test_a_proof_of_another_ledger_or_by_an_unknown_key_is_tampered() -> None:
    stranger = Verifier(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw())
    for origin, verifiers in (("elsewhere.example", [VERIFIER]), (ORIGIN, [stranger]), (ORIGIN, [])):
        with pytest.raises(Tampered):
            make(5, 11).verify(b"entry 5", origin, verifiers)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        FIRST,
        NOTE,
        text(FIRST, INDEX, *HASHES, NOTE),
        text(FIRST, INDEX, *HASHES),
        text(FIRST, INDEX, *HASHES, ""),
        text("", FIRST, INDEX, *HASHES, "", NOTE),
        text("c2sp.org/tlog-proof@v2", INDEX, *HASHES, "", NOTE),
        text(FIRST + " ", INDEX, *HASHES, "", NOTE),
        text(FIRST, *HASHES, "", NOTE),
        text(FIRST, "", NOTE),
        text(FIRST, "5", *HASHES, "", NOTE),
        text(FIRST, "index 05", *HASHES, "", NOTE),
        text(FIRST, "index -5", *HASHES, "", NOTE),
        text(FIRST, "index  5", *HASHES, "", NOTE),
        text(FIRST, "index 5 ", *HASHES, "", NOTE),
        text(FIRST, "index", *HASHES, "", NOTE),
        text(FIRST, "Index 5", *HASHES, "", NOTE),
        text(FIRST, f"index {MAX_SIZE + 1}", *HASHES, "", NOTE),
        text(FIRST, INDEX, INDEX, *HASHES, "", NOTE),
        text(FIRST, "extra", INDEX, *HASHES, "", NOTE),
        text(FIRST, "extra ", INDEX, *HASHES, "", NOTE),
        text(FIRST, "extra YWI", INDEX, *HASHES, "", NOTE),
        text(FIRST, "extra YWI=", "", NOTE),
        text(FIRST, "extra YWI=", "extra YWI=", INDEX, *HASHES, "", NOTE),
        text(FIRST, INDEX, "extra YWI=", *HASHES, "", NOTE),
        text(FIRST, INDEX, "AAAA", *HASHES, "", NOTE),
        text(FIRST, INDEX, HASHES[0] + "=", *HASHES[1:], "", NOTE),
        text(FIRST, INDEX, HASHES[0][:-1], *HASHES[1:], "", NOTE),
        text(FIRST, INDEX, " " + HASHES[0], *HASHES[1:], "", NOTE),
        text(FIRST, INDEX, *[HASHES[0]] * (MAX_HASHES + 1), "", NOTE),
        text(FIRST, INDEX, *HASHES, "", NOTE).replace("\n", "\r\n"),
    ],
)
def test_any_other_text_is_tampered(wrong: str) -> None:
    with pytest.raises(Tampered):
        parse(wrong)


@given(st.binary(max_size=80) | st.text(max_size=80))
def test_whatever_comes_is_a_proof_or_tampered(raw: bytes | str) -> None:
    with pytest.raises(Tampered):
        parse(raw)


def test_a_checkpoint_is_kept_word_for_word() -> None:
    """What else stands below the head is the note's matter, and refused where the note is opened."""
    odd = parse(text(FIRST, INDEX, *HASHES, "", "", NOTE))
    assert odd.checkpoint_note == "\n" + NOTE
    with pytest.raises(Tampered):
        odd.verify(b"entry 5", ORIGIN, [VERIFIER])
