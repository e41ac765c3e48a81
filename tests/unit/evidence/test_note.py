import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused, Tampered
from hifadhi.evidence import b64, note
from hifadhi.evidence.note import Note, Signature, Verifier, key_id, open_note, sign

# The example of C2SP signed-note.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)

PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
TEXT = "a line\n\nanother, after an empty one\n"


def verifier(private: Ed25519PrivateKey = PRIVATE, name: str = "ledger.example") -> Verifier:
    return Verifier(name, private.public_key().public_bytes_raw())


def signature_line(text: str, private: Ed25519PrivateKey, name: str) -> str:
    return sign(text, name=name, private=private).removeprefix(f"{text}\n")


NOTE = sign(TEXT, name="ledger.example", private=PRIVATE)
WITNESS_LINE = signature_line(TEXT, OTHER, "witness.example")


def test_the_example_of_the_specification_opens() -> None:
    key = Verifier.parse(VKEY)
    assert open_note(EXAMPLE, [key]) == Note("This is an example message.\n", (key,), ())
    assert key.format() == VKEY
    assert key.key_id == key_id("example.com/foo", note.ED25519, key.public) == bytes.fromhex("530d903a")


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.just("\n"), max_size=60))
def test_any_text_that_is_signed_opens_as_it_was(text: str) -> None:
    signed = sign(f"{text}\n", name="ledger.example", private=PRIVATE)
    assert open_note(signed, [verifier()]) == open_note(signed.encode(), [verifier()])
    assert open_note(signed, [verifier()]).text == f"{text}\n"


def test_signatures_of_unknown_keys_are_kept_apart() -> None:
    opened = open_note(NOTE + WITNESS_LINE, [verifier()])
    assert opened.verified == (verifier(),)
    assert [each.line() for each in opened.unverified] == [WITNESS_LINE]
    assert opened.unverified[0].key_id == verifier(OTHER, "witness.example").key_id


def test_all_known_keys_are_named_in_the_order_of_their_lines() -> None:
    witness = verifier(OTHER, "witness.example")
    assert open_note(NOTE + WITNESS_LINE, [witness, verifier()]).verified == (verifier(), witness)


def test_a_key_counts_once_however_often_it_signs() -> None:
    assert open_note(NOTE + signature_line(TEXT, PRIVATE, "ledger.example"), [verifier()]).verified == (verifier(),)


@pytest.mark.parametrize("before", [True, False])
def test_one_forged_signature_by_a_known_key_refuses_the_note(before: bool) -> None:
    forged = signature_line("something else\n", OTHER, "witness.example")
    text, genuine = NOTE.rsplit("\n\n", 1)
    lines = forged + genuine if before else genuine + forged
    with pytest.raises(Tampered, match=r"witness\.example"):
        open_note(f"{text}\n\n{lines}", [verifier(), verifier(OTHER, "witness.example")])


def test_a_second_forged_signature_by_the_same_key_refuses_the_note() -> None:
    with pytest.raises(Tampered):
        open_note(NOTE + signature_line("something else\n", PRIVATE, "ledger.example"), [verifier()])


@pytest.mark.parametrize("length", [1, 63, 65, 128])
def test_a_signature_of_another_length_is_tampered(length: int) -> None:
    line = Signature("ledger.example", verifier().key_id, bytes(length)).line()
    with pytest.raises(Tampered):
        open_note(NOTE + line, [verifier()])


@pytest.mark.parametrize(
    "verifiers", [[], [verifier(OTHER)], [verifier(name="ledger.example2")], [verifier(OTHER, "witness.example")]]
)
def test_a_note_that_no_known_key_signed_is_tampered(verifiers: list[Verifier]) -> None:
    with pytest.raises(Tampered):
        open_note(NOTE, verifiers)


def test_a_key_is_known_by_name_and_id_together() -> None:
    """A stranger's line under our name, and one under our id, are strangers' lines."""
    same_name = Signature("ledger.example", b"\x00\x01\x02\x03", bytes(64)).line()
    same_id = Signature("other.example", verifier().key_id, bytes(64)).line()
    opened = open_note(NOTE + same_name + same_id, [verifier()])
    assert (len(opened.verified), len(opened.unverified)) == (1, 2)


def test_every_bit_of_a_note_counts() -> None:
    raw = NOTE.encode()
    number = int.from_bytes(raw)
    for bit in range(8 * len(raw)):
        with pytest.raises(Tampered):
            open_note((number ^ (1 << bit)).to_bytes(len(raw)), [verifier()])


@given(st.integers(0, len(NOTE)), st.sampled_from(["\n", " ", "\r", "\t", "—", "A", "=", "+", "\u2028", "\x00", "x\n"]))
def test_nothing_can_be_put_in(at: int, more: str) -> None:
    with pytest.raises(Tampered):
        open_note(NOTE[:at] + more + NOTE[at:], [verifier()])


@given(st.integers(0, len(NOTE.encode()) - 1))
def test_nothing_can_be_cut_off(at: int) -> None:
    for rest in (NOTE.encode()[:at], NOTE.encode()[at + 1 :]):
        with pytest.raises(Tampered):
            open_note(rest, [verifier()])


@given(st.binary(max_size=60) | st.text(max_size=60) | st.text("— a=A\n", max_size=60))
def test_anything_else_is_tampered(raw: bytes | str) -> None:
    with pytest.raises(Tampered):
        open_note(raw, [verifier()])


LINE = WITNESS_LINE.removesuffix("\n")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a word",
        LINE.replace("—", "-"),
        LINE.replace("— ", "—"),
        LINE.replace("— ", "—  "),
        LINE + " ",
        LINE + "\r",
        LINE + "=",
        LINE.removesuffix("="),
        LINE.replace("witness.example ", ""),
        LINE.replace("witness.example", "witness+example"),
        LINE.replace("witness.example", "witness\u00a0example"),
        LINE.replace("witness.example", "witness\u2028example"),
        LINE.replace("witness.example", "witness\x85example"),
        LINE.replace("witness.example", "witness example"),
        "— witness.example ",
        "— witness.example AAAAAA==",
        "— witness.example AAAAAAB=",
        "— witness.example AAAA-_A=",
    ],
)
def test_a_line_that_is_no_signature_refuses_the_note(line: str) -> None:
    with pytest.raises(Tampered):
        open_note(f"{NOTE}{line}\n", [verifier()])


def test_a_note_without_an_empty_line_is_tampered() -> None:
    signed = sign("\n", name="ledger.example", private=PRIVATE)
    assert open_note(signed, [verifier()]).text == "\n"
    with pytest.raises(Tampered):
        open_note(signed.removeprefix("\n\n"), [verifier()])


def test_the_last_line_ends_with_a_newline() -> None:
    with pytest.raises(Tampered):
        open_note(NOTE.removesuffix("\n"), [verifier()])


def test_control_characters_and_what_is_not_utf_8_are_tampered_even_if_signed() -> None:
    for text in ("\x00\n", "a\rb\n", "a\tb\n", "\x1b[2J\n", "\x1f\n"):
        value = PRIVATE.sign(text.encode())
        with pytest.raises(Tampered, match="control"):
            open_note(f"{text}\n{Signature('ledger.example', verifier().key_id, value).line()}", [verifier()])
    for raw in (b"\xff\n\n", b"\xc0\x8a\n\n", "\ud800\n\n"):
        with pytest.raises(Tampered, match="UTF-8"):
            open_note(raw, [verifier()])


def test_a_note_has_at_most_100_signatures() -> None:
    assert len(open_note(NOTE + 99 * WITNESS_LINE, [verifier()]).unverified) == 99
    with pytest.raises(Tampered, match="100"):
        open_note(NOTE + 100 * WITNESS_LINE, [verifier()])


def test_a_note_has_at_most_a_mebibyte() -> None:
    around = len(sign("é\n", name="ledger.example", private=PRIVATE).encode()) - 2
    largest = sign("é" + "a" * (note.MAX_NOTE - around - 2) + "\n", name="ledger.example", private=PRIVATE)
    assert len(largest.encode()) == note.MAX_NOTE
    assert open_note(largest, [verifier()]).verified
    for larger in ("a" + largest, b"a" + largest.encode()):
        with pytest.raises(Tampered, match="at most"):
            open_note(larger, [verifier()])
    with pytest.raises(Refused, match="TOO_LARGE"):
        sign("é" + "a" * (note.MAX_NOTE - around - 1) + "\n", name="ledger.example", private=PRIVATE)


@pytest.mark.parametrize("text", ["", "a", "a\nb", "a\r\n", "\x00\n", "\ud800\n"])
def test_what_could_not_be_opened_is_not_signed(text: str) -> None:
    with pytest.raises(Refused, match="SCHEMA"):
        sign(text, name="ledger.example", private=PRIVATE)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u3000b", "a\x00", "\ud800", " a", "a "])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(Refused, match="SCHEMA"):
        sign(TEXT, name=name, private=PRIVATE)
    with pytest.raises(Refused, match="SCHEMA"):
        verifier(name=name)


@pytest.mark.parametrize(
    "public",
    [b"", bytes(31), bytes(33), bytes(32), b"\x01" + bytes(31), b"\xff" * 32, verifier().public + b"\x00"],
    ids=["none", "short", "long", "order 4", "neutral", "not canonical", "a byte too many"],
)
def test_a_key_under_which_anybody_could_sign_or_nobody_is_refused(public: bytes) -> None:
    with pytest.raises(Refused, match="SCHEMA"):
        Verifier("ledger.example", public)


@given(st.binary(min_size=32, max_size=32), st.from_regex(r"[a-z./-]{1,20}", fullmatch=True))
def test_a_verifier_string_comes_back(seed: bytes, name: str) -> None:
    key = verifier(Ed25519PrivateKey.from_private_bytes(seed), name)
    assert Verifier.parse(key.format()) == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "++",
        "example.com/foo",
        VKEY + "=",
        VKEY + "\n",
        " " + VKEY,
        VKEY.replace("530d903a", "530D903A"),
        VKEY.replace("530d903a", "530d903b"),
        VKEY.replace("530d903a", ""),
        VKEY.replace("example.com/foo", "example.com/fop"),
        VKEY.replace("example.com/foo", ""),
        VKEY.replace("+AekyeR", "+BOkyeR"),
        VKEY.replace("3U2k", "3U2="),
        VKEY.replace("3U2k", ""),
        "é" + VKEY,
        "\ud800" + VKEY,
    ],
)
def test_a_verifier_string_has_one_spelling(text: str) -> None:
    with pytest.raises(Refused, match="SCHEMA"):
        Verifier.parse(text)


def test_a_key_of_another_signature_type_is_refused() -> None:
    public = verifier().public
    text = f"ledger.example+{key_id('ledger.example', 4, public).hex()}+{b64.encode(bytes([4]) + public)}"
    with pytest.raises(Refused, match="SCHEMA"):
        Verifier.parse(text)


def test_the_same_key_twice_is_one_key() -> None:
    assert open_note(NOTE, [verifier(), verifier()]).verified == (verifier(),)


def test_two_keys_with_one_name_and_id_are_refused() -> None:
    impostor = verifier(OTHER)
    object.__setattr__(impostor, "key_id", verifier().key_id)  # finding a real one takes 2**32 keys
    with pytest.raises(Refused, match="SCHEMA"):
        open_note(NOTE, [verifier(), impostor])
