import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import checkpoint, note
from hifadhi.evidence.checkpoint import Checkpoint, open_checkpoint, parse, sign
from hifadhi.evidence.note import Verifier
from hifadhi.evidence.tree import EMPTY_ROOT, MAX_SIZE

ORIGIN = "hub.example/ledger"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WITNESS = Ed25519PrivateKey.from_private_bytes(bytes(32))
VERIFIER = Verifier(ORIGIN, PRIVATE.public_key().public_bytes_raw())
WITNESS_VERIFIER = Verifier("witness.example", WITNESS.public_key().public_bytes_raw())
ROOT = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="


def test_the_body_is_that_of_the_specification() -> None:
    body = f"example.com/behind-the-sofa\n20852163\n{ROOT}\n"
    read = parse(body, "example.com/behind-the-sofa")
    assert (read.size, read.body()) == (20852163, body)


@given(st.integers(1, 3) | st.integers(1, MAX_SIZE), st.binary(min_size=32, max_size=32))
def test_a_signed_checkpoint_opens_as_it_was(size: int, root: bytes) -> None:
    made = Checkpoint(ORIGIN, size, root)
    assert open_checkpoint(sign(made, PRIVATE), ORIGIN, [VERIFIER]) == made


def test_the_empty_tree_has_its_own_root_only() -> None:
    empty = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert open_checkpoint(sign(empty, PRIVATE).encode(), ORIGIN, [VERIFIER]) == empty
    with pytest.raises(Tampered):
        parse(f"{ORIGIN}\n0\n{ROOT}\n", ORIGIN)


def test_every_bit_of_a_checkpoint_counts() -> None:
    raw = sign(Checkpoint(ORIGIN, 42, bytes(32)), PRIVATE).encode()
    number = int.from_bytes(raw)
    for bit in range(8 * len(raw)):
        with pytest.raises(Tampered):
            open_checkpoint((number ^ (1 << bit)).to_bytes(len(raw)), ORIGIN, [VERIFIER])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        f"{ORIGIN}\n1\n",
        f"{ORIGIN}\n1\n{ROOT}",
        f"{ORIGIN}\n1\n{ROOT}\nan extension\n",
        f"{ORIGIN}\n1\n{ROOT}\nan extension",
        f"{ORIGIN}\n1\n{ROOT}\n\n",
        f"\n{ORIGIN}\n1\n{ROOT}\n",
        f"{ORIGIN}2\n1\n{ROOT}\n",
        f"{ORIGIN} \n1\n{ROOT}\n",
        f"{ORIGIN}\n01\n{ROOT}\n",
        f"{ORIGIN}\n00\n{ROOT}\n",
        f"{ORIGIN}\n-1\n{ROOT}\n",
        f"{ORIGIN}\n+1\n{ROOT}\n",
        f"{ORIGIN}\n 1\n{ROOT}\n",
        f"{ORIGIN}\n1_0\n{ROOT}\n",
        f"{ORIGIN}\n1.0\n{ROOT}\n",
        f"{ORIGIN}\n0x1\n{ROOT}\n",
        f"{ORIGIN}\n٣\n{ROOT}\n",
        f"{ORIGIN}\n\n{ROOT}\n",
        f"{ORIGIN}\n{MAX_SIZE + 1}\n{ROOT}\n",
        f"{ORIGIN}\n{'9' * 5000}\n{ROOT}\n",
        f"{ORIGIN}\n1\n\n",
        f"{ORIGIN}\n1\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n1\n{ROOT}=\n",
        f"{ORIGIN}\n1\n{ROOT.replace('2I=', '2J=')}\n",
        f"{ORIGIN}\n1\nAAAA\n",
        f"{ORIGIN}\n1\nAAAA{ROOT}\n",
    ],
)
def test_any_other_text_is_tampered_even_if_signed(text: str) -> None:
    with pytest.raises(Tampered):
        parse(text, ORIGIN)
    if text.endswith("\n"):
        with pytest.raises(Tampered):
            open_checkpoint(note.sign(text, name=ORIGIN, private=PRIVATE), ORIGIN, [VERIFIER])


def test_a_text_without_origin_is_tampered_whatever_is_expected() -> None:
    with pytest.raises(Tampered):
        parse(f"\n1\n{ROOT}\n", "")


def test_a_checkpoint_of_another_ledger_is_tampered_even_if_our_key_signed_it() -> None:
    body = Checkpoint("elsewhere.example", 1, bytes(32)).body()
    with pytest.raises(Tampered, match="origin"):
        open_checkpoint(note.sign(body, name=ORIGIN, private=PRIVATE), ORIGIN, [VERIFIER])


def test_a_checkpoint_that_only_a_witness_signed_is_tampered() -> None:
    made = Checkpoint(ORIGIN, 1, bytes(32))
    by_witness = note.sign(made.body(), name="witness.example", private=WITNESS)
    with pytest.raises(Tampered, match="origin"):
        open_checkpoint(by_witness, ORIGIN, [VERIFIER, WITNESS_VERIFIER])
    by_both = sign(made, PRIVATE) + by_witness.removeprefix(f"{made.body()}\n")
    assert open_checkpoint(by_both, ORIGIN, [VERIFIER, WITNESS_VERIFIER]) == made


@pytest.mark.parametrize(
    "made",
    [
        Checkpoint(ORIGIN, -1, bytes(32)),
        Checkpoint(ORIGIN, MAX_SIZE + 1, bytes(32)),
        Checkpoint(ORIGIN, 1, bytes(31)),
        Checkpoint(ORIGIN, 0, bytes(32)),
        Checkpoint("", 1, bytes(32)),
        Checkpoint("two\nlines", 1, bytes(32)),
    ],
)
def test_what_could_not_be_opened_is_not_signed(made: Checkpoint) -> None:
    with pytest.raises(Tampered):
        sign(made, PRIVATE)


@pytest.mark.parametrize("origin", ["two words", "a+b", "\ud800"])
def test_an_origin_that_is_no_key_name_is_refused(origin: str) -> None:
    with pytest.raises(Refused, match="SCHEMA"):
        sign(Checkpoint(origin, 1, bytes(32)), PRIVATE)


@given(st.integers(0, MAX_SIZE))
def test_a_number_comes_back(number: int) -> None:
    assert checkpoint.parse_number(str(number)) == number
