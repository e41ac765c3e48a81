"""An auditor's signature checks, on all cores: they are half of the work, and none needs to know of another.

The rules are decided in this process, leaf by leaf, as if every signature matched. What was put off comes back before
anything is reported: the first leaf whose signature does not match is where the ledger ends to be true.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from multiprocessing import Pool
from multiprocessing.pool import AsyncResult
from multiprocessing.pool import Pool as Workers
from typing import Final, TypeAlias

from hifadhi.evidence.jwk import Jwk
from hifadhi.evidence.jws import Envelope
from hifadhi.evidence.verify import IN_LINE, Signatures, proves_nothing
from hifadhi.referral import admission
from hifadhi.referral.directory import Directory

# Below this the processes take longer to start than the checks would.
WORTHWHILE: Final = 4096
BATCH: Final = 256
MOST_BATCHES: Final = 16
"""Under way at once: it bounds the memory."""

_Check: TypeAlias = tuple[int, str, bytes, bytes, bytes]
"""Index of the leaf; kind and bytes of the key; signature; what was signed."""


@contextmanager
def signatures_of(leaves: int) -> Iterator[Signatures]:
    """Who checks the signatures of a ledger of so many leaves."""
    cores = os.cpu_count() or 1
    if cores == 1 or leaves < WORTHWHILE:
        yield IN_LINE
        return
    with Pool(cores) as workers:
        yield SignatureWorkers(workers)


class SignatureWorkers:
    """`Signatures`, checked by the processes of a pool."""

    def __init__(self, workers: Workers) -> None:
        self._workers = workers
        self._batch: list[_Check] = []
        self._under_way: deque[AsyncResult[int | None]] = deque()
        self._bad: list[int] = []

    def check(self, index: int, envelope: Envelope, directory: Directory) -> None:
        """See `Signatures`."""
        for claim in admission.claims(envelope, directory):
            key = claim.key
            self._batch.append((index, key.kind, key.public, claim.value, claim.data))
        if len(self._batch) >= BATCH:
            self._hand_out()

    def settle(self) -> None:
        """See `Signatures`."""
        self._hand_out()
        while self._under_way:
            self._take_in()
        if self._bad:
            raise proves_nothing("SIGNATURE", min(self._bad))

    def _hand_out(self) -> None:
        self._under_way.append(self._workers.apply_async(first_bad, (self._batch,)))
        self._batch = []
        if len(self._under_way) > MOST_BATCHES:
            self._take_in()

    def _take_in(self) -> None:
        bad = self._under_way.popleft().get()
        if bad is not None:
            self._bad.append(bad)


def first_bad(checks: Sequence[_Check]) -> int | None:
    """The index of the first leaf whose signature does not match. Runs in a worker."""
    return next((index for index, *key, value, data in checks if not _key(*key).verify(value, data)), None)


@cache
def _key(kind: str, public: bytes) -> Jwk:
    return Jwk(kind, public)
