"""The unit of all others: raw Ed25519 checks a second on one core, over as many bytes as a message signs."""

import time
from typing import Final

from benchmarks.figure import Figure, middle
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519

SIGNED_BYTES: Final = 900
CHECKS: Final = 4000


def checks_per_s() -> float:
    """Checks a second of processor time."""
    private, data = PrivateJwk.generate(ED25519), bytes(SIGNED_BYTES)
    signature, verify = private.sign(data), private.public.verify
    began = time.process_time()
    for _ in range(CHECKS):
        verify(signature, data)
    return CHECKS / (time.process_time() - began)


def measure() -> list[Figure]:
    """One figure."""
    return [Figure("verify_raw", middle(checks_per_s, 5), "checks/s of a core")]
