"""The message that a part says it is of is the only one that an edge opens it under."""

import pytest

from hifadhi.errors import Refused
from hifadhi.evidence import jwe
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import P256
from hifadhi.hub.delivery.part_header import message_of

MESSAGE = "01920000-0000-7000-8000-000000000001"


def test_a_part_that_an_agency_has_sealed_says_its_message() -> None:
    reader = PrivateJwk.generate(P256).public
    sealed = jwe.seal(b"{}", message=MESSAGE, part="content", sender="MZ-INAR", readers=[reader])
    assert message_of(sealed.encode()) == MESSAGE


@pytest.mark.parametrize(
    "said", [b"", b"\xff", b"[]", b"{}", b'{"protected":7}', b'{"protected":"7"}', b'{"protected":"W10"}', b"[" * 20]
)
def test_what_says_none_is_refused(said: bytes) -> None:
    with pytest.raises(Refused):
        message_of(said)
