import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Tampered
from hifadhi.evidence import b64


@given(st.binary(max_size=200))
def test_what_is_encoded_decodes_to_the_same_bytes(raw: bytes) -> None:
    assert b64.decode(b64.encode(raw)) == raw


@pytest.mark.parametrize(
    "text",
    ["QQ", "QQ=", "QR==", "QUI", "QUJ=", "-_==", "QU I=", "QUI=\n", "QQ==QQ==", "=", "====", "QUIé", "\ud800", "QUI=="],
)
def test_another_spelling_is_tampered(text: str) -> None:
    with pytest.raises(Tampered):
        b64.decode(text)
