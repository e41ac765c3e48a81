"""TUF's rule for a new root, against counting: whoever signs, it is enough or it is not."""

from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral import admission
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import GOVERNANCE
from unit.referral.exchange import GOVERNORS, ROOT, payload, read, root_document, signed

NEXT = [GOVERNORS[2], *(PrivateJwk.generate("Ed25519") for _ in range(2))]
PEOPLE = [*GOVERNORS, *NEXT[1:]]


@given(st.permutations(range(5)), st.integers(1, 5), st.integers(1, 3))
def test_a_new_root_needs_the_threshold_of_the_old_and_that_of_the_new(
    order: list[int], count: int, threshold: int
) -> None:
    signers = [PEOPLE[number] for number in order[:count]]
    governance = {"keys": [key.public.as_dict() for key in NEXT], "threshold": threshold}
    said = payload("governance.rotated", GOVERNANCE, version=1, root=root_document(governance=governance))
    enough = len([one for one in signers if one in GOVERNORS]) >= 2 and (
        len([one for one in signers if one in NEXT]) >= threshold
    )
    envelope, header = signed(said, *signers), read(said)
    try:
        admission.check_keys(envelope, header, Directory.of(ROOT))
        admission.check_signatures(envelope, header, Directory.of(ROOT))
    except Refused:
        assert not enough or signers[0] not in GOVERNORS
    else:
        assert enough and signers[0] in GOVERNORS
