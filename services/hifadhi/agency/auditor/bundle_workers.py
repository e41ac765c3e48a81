"""Bundles read by processes of their own, on all cores, while the rules are decided here, in order."""

import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from functools import lru_cache
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import Final

from hifadhi import garbage
from hifadhi.agency.auditor.archive import Archive
from hifadhi.agency.auditor.bundle_passage import pack, unpack
from hifadhi.evidence import strict_json
from hifadhi.evidence.audit import Bundles, InLine
from hifadhi.evidence.bundle import Bundle, read_bundle
from hifadhi.evidence.jwk import Jwk
from hifadhi.evidence.tiles import Tile

# Below this the processes take longer to start than the work would.
WORTHWHILE: Final = 4096
AHEAD: Final = 4
"""Bundles for each process, read or being read: it bounds the memory."""


@contextmanager
def bundles_of(files: Mapping[str, bytes], leaves: int) -> Iterator[Bundles]:
    """Who reads the bundles of a ledger of so many leaves: processes, if it lies in a folder and is worth it."""
    cores = os.cpu_count() or 1
    if not isinstance(files, Archive) or cores == 1 or leaves < WORTHWHILE:
        yield InLine(files)
        return
    with ProcessPoolExecutor(cores, initializer=begin_worker) as workers:
        yield BundleWorkers(files.folder, workers, AHEAD * cores)


def begin_worker() -> None:
    """Runs in a worker as it starts. Whoever started it may be killed: it does not stay behind, and wait for work."""
    garbage.settle()
    Thread(target=_end_with, args=(parent_process(),), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


class BundleWorkers:
    """`Bundles`, read by the processes of a pool out of the folder of an archive."""

    def __init__(self, folder: Path, workers: Executor, ahead: int) -> None:
        self._folder, self._workers, self._ahead = folder, workers, ahead

    def read(self, tiles: Iterable[Tile], keys: Mapping[str, Jwk]) -> Iterator[Bundle]:
        """See `Bundles`."""
        under_way: deque[Future[bytes]] = deque()
        for tile in tiles:
            lent = {kid: strict_json.dump(jwk.as_dict()) for kid, jwk in keys.items()}
            under_way.append(self._workers.submit(_read, self._folder, tile, lent))
            if len(under_way) >= self._ahead:
                yield unpack(under_way.popleft().result())
        while under_way:
            yield unpack(under_way.popleft().result())


def _read(folder: Path, tile: Tile, keys: Mapping[str, bytes]) -> bytes:
    """Runs in a worker. A key that the cryptography has loaded cannot travel; it is loaded here, once."""
    return pack(read_bundle(Archive(folder), tile, {kid: _key(raw) for kid, raw in keys.items()}))


@lru_cache(maxsize=1024)
def _key(raw: bytes) -> Jwk:
    return Jwk.parse(strict_json.parse(raw))
