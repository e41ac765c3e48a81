"""The threshold rule of a new root, against python-tuf: whoever signs in whatever order, both say the same."""

from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.signer import Signature, SSlibKey
from tuf.api.metadata import Root as TufRoot

from hifadhi.errors import Refused
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral import admission
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import GOVERNANCE
from unit.referral.exchange import GOVERNORS, ROOT, payload, read, root_document, signed

NEXT = [GOVERNORS[2], *(PrivateJwk.generate("Ed25519") for _ in range(2))]
PEOPLE = [*GOVERNORS, *NEXT[1:]]
SAID = b"the same bytes for all"


def tuf_root(version: int, keys: list[PrivateJwk], threshold: int) -> TufRoot:
    root = TufRoot(version=version, expires=datetime(2099, 1, 1, tzinfo=UTC))
    for key in keys:
        public = {"public": key.public.public.hex()}
        root.add_key(SSlibKey(key.kid, "ed25519", "ed25519", public), TufRoot.type)
    root.roles[TufRoot.type].threshold = threshold
    return root


def tuf_signature(key: PrivateJwk) -> Signature:
    assert isinstance(key.key, Ed25519PrivateKey)
    return Signature(key.kid, key.key.sign(SAID).hex())


def tuf_verifies(signers: list[PrivateJwk], threshold: int) -> bool:
    before, after = tuf_root(1, GOVERNORS, ROOT.governance.threshold), tuf_root(2, NEXT, threshold)
    signatures = {key.kid: tuf_signature(key) for key in signers}
    return bool(after.get_root_verification_result(before, SAID, signatures).verified)


def we_admit(signers: list[PrivateJwk], threshold: int) -> bool:
    governance = {"keys": [key.public.as_dict() for key in NEXT], "threshold": threshold}
    said = payload("governance.rotated", GOVERNANCE, version=1, root=root_document(governance=governance))
    envelope, header, directory = signed(said, *signers), read(said), Directory.of(ROOT)
    try:
        admission.check_keys(envelope, header, directory)
        admission.check_signatures(envelope, header, directory)
    except Refused:
        return False
    return True


@given(st.permutations(range(5)), st.integers(1, 5), st.integers(1, 3))
def test_a_new_root_is_admitted_where_tuf_would_and_a_key_in_force_signs_first(
    order: list[int], count: int, threshold: int
) -> None:
    signers = [PEOPLE[number] for number in order[:count]]
    expected = tuf_verifies(signers, threshold) and signers[0] in GOVERNORS
    assert we_admit(signers, threshold) == expected
