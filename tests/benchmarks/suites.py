"""Seals and opens of a part a second on one core, for one reader, by kind of key; what each further reader costs."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.figure import Figure, middle
from hifadhi.evidence import jwe
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import HPKE_9_KE, KINDS, P256, X25519

WHERE: Final = {"message": "019e0000-0000-7000-8000-000000000001", "part": "content", "sender": "MZ-INAR"}
PLAINTEXT: Final = bytes(4096)
TIMES: Final = 1000


async def measure(_folder: Path, _raw: float) -> list[Figure]:
    """Three figures for each kind of reading key."""
    return [figure for kind in (P256, X25519, HPKE_9_KE) for figure in _of(kind)]


def _of(kind: str) -> list[Figure]:
    keys = [PrivateJwk.generate(kind) for _ in range(2)]
    one, two = (_sealed(keys[:count]) for count in (1, 2))
    suite = KINDS[kind].suite

    def opened() -> bytes:
        return jwe.open_sealed(one, suite=suite, keys=keys[:1], **WHERE)

    return [
        Figure(f"seal {kind}", middle(lambda: _rate(lambda: _sealed(keys[:1]))), "parts/s of a core"),
        Figure(f"open {kind}", middle(lambda: _rate(opened)), "parts/s of a core"),
        Figure(f"each further reader {kind}", len(two) - len(one), "bytes"),
    ]


def _sealed(keys: list[PrivateJwk]) -> str:
    return jwe.seal(PLAINTEXT, **WHERE, readers=[key.public for key in keys])


def _rate(work: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(TIMES):
        work()
    return TIMES / (time.process_time() - began)
