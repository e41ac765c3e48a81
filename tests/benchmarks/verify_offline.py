"""How many leaves a second `hifadhi verify` verifies, as an auditor runs it on a mirrored ledger."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from benchmarks.acceptances import ACCEPTS, ASKS, directory_of, requests
from benchmarks.figure import Figure
from cast import Cast, now_ms
from hifadhi.evidence import checkpoint
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.fold import Fold, NewLeaf
from hifadhi.evidence.jws import MESSAGE, parse_envelope
from hifadhi.evidence.tile_rows import TileRows
from hifadhi.evidence.tiles import ENTRIES, WIDTH, Tile, entry_bundle
from hifadhi.evidence.tree import Edge, leaf_hash
from hifadhi.referral.directory import Directory

ACCEPTANCES: Final = 18_000
DEADLINE_S: Final = 300.0
RUNS: Final = 3


async def measure(folder: Path, raw: float) -> list[Figure]:
    """`verify_offline`, its ratio to raw checks on all cores."""
    cast = Cast(folder)
    leaves = list(_leaves(cast))
    _write_archive(cast, leaves, folder / "copy")
    rate = median(_verified(folder, len(leaves)) for _ in range(RUNS))
    cores = os.cpu_count() or 1
    return [Figure("verify_offline", rate, "leaves/s", rate / (raw * cores), f"verify_raw x {cores} cores")]


def _verified(folder: Path, leaves: int) -> float:
    """Leaves a second, the program's start included."""
    hifadhi = str(Path(sys.executable).with_name("hifadhi"))
    command = [hifadhi, "verify", str(folder / "copy"), "--root", str(folder / "root.json"), "--json"]
    # Compiled once, as an installation is.
    environment = os.environ | {"PYTHONPYCACHEPREFIX": str(folder / "compiled"), "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run([hifadhi, "verify", "--help"], capture_output=True, check=True, env=environment, timeout=DEADLINE_S)
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=True, env=environment, timeout=DEADLINE_S)
    took = time.perf_counter() - began
    said = json.loads(done.stdout)
    assert said["leaves"] == leaves, said
    assert not said["findings"], said["findings"][:3]
    return leaves / took


def _leaves(cast: Cast) -> Iterator[bytes]:
    """What a registry would have sealed of encounters, requests, their automatic receipts and their acceptances."""
    fold, now = Fold(Directory.of(cast.root)), now_ms()
    for position, envelope in enumerate(_envelopes(cast)):
        sealed = fold.rule(position, now + position // 4, envelope)
        assert isinstance(sealed, NewLeaf) and sealed.leaf.ruling.ruling == "recorded", sealed
        yield sealed.leaf.to_bytes()


def _envelopes(cast: Cast) -> Iterator[bytes]:
    statements = [body for stage in cast.admissions() for body in stage]
    for body in statements:
        yield _envelope(body["header"])
    directory, asked = directory_of(cast, statements), []
    for body, one in requests(cast, ACCEPTANCES):
        yield _envelope(body["header"])
        if one:
            asked.append(one)
            facts = {"case": one.case, "referral": one.referral, "to": [ASKS]}
            yield _envelope(cast.message("referral.received", ACCEPTS, **facts)["header"])
    for number, one in enumerate(asked, len(asked) + 1):  # behind its receipts
        yield _envelope(json.loads(one.accepted(cast, directory, number).line)["header"])


def _envelope(header: object) -> bytes:
    return parse_envelope(header, typ=MESSAGE).to_bytes()


def _write_archive(cast: Cast, leaves: Sequence[bytes], folder: Path) -> None:
    """The ledger in the layout in which it is mirrored."""
    hashes, rows = [leaf_hash(leaf) for leaf in leaves], TileRows()
    tiles = [filled for hashed in hashes for filled in rows.add(hashed)]
    for tile, raw in (*tiles, *rows.partial()):
        _write(folder / tile.path(), raw)
    for first in range(0, len(leaves), WIDTH):
        bundle = leaves[first : first + WIDTH]
        _write(folder / Tile(ENTRIES, first // WIDTH, len(bundle)).path(), entry_bundle(bundle))
    assert isinstance(cast.ledger.key, Ed25519PrivateKey)
    assert isinstance(cast.ledger_pq.key, MLDSA44PrivateKey)
    tree = Checkpoint(cast.root.origin, len(leaves), Edge.empty().extend(hashes).root())
    _write(folder / "checkpoint", checkpoint.sign(tree, cast.ledger.key, cast.ledger_pq.key).encode())


def _write(path: Path, raw: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
