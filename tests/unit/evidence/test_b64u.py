import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused
from hifadhi.evidence import b64u


@given(st.binary(max_size=200))
def test_what_is_encoded_decodes_to_the_same_bytes(raw: bytes) -> None:
    assert b64u.decode(b64u.encode(raw)) == raw


@given(st.text(alphabet="AQgw-_09az+/= \n?é", max_size=12))
def test_a_text_is_either_the_one_encoding_of_its_bytes_or_refused(text: str) -> None:
    try:
        raw = b64u.decode(text)
    except Refused as refused:
        assert refused.code == "BAD_ENCODING"  # noqa: PT017 - either outcome is right
    else:
        assert b64u.encode(raw) == text


@pytest.mark.parametrize(
    "text",
    ["QQ==", "QR", "Q", "QUI+", "QUI/", "QU I", "QUI\n", "QUI?", "QUIé", "\ud800", "QQ=", "=", "QUI.QQ"],
)
def test_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        b64u.decode(text, pointer="/x")
    assert (refused.value.code, refused.value.faults[0].pointer) == ("BAD_ENCODING", "/x")


@pytest.mark.parametrize("length", [0, 1, 3])
def test_another_length_is_refused(length: int) -> None:
    assert b64u.decode("QUI", length=2) == b"AB"
    with pytest.raises(Refused, match="BAD_ENCODING"):
        b64u.decode("QUI", length=length)


@pytest.mark.parametrize("value", [None, 1, b"QUI", ["QUI"]])
def test_what_is_not_a_string_is_refused(value: object) -> None:
    with pytest.raises(Refused, match="SCHEMA"):
        b64u.decode(value)
