"""Ledgers of our own making as folders, for programs that are not: whole ones, and the means to break them."""

import json
from collections.abc import Mapping, Sequence
from functools import cache, partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from hifadhi.evidence import checkpoint, note, tree
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.proof import Proof
from hifadhi.evidence.tiles import Tile, node_from_tiles
from hifadhi.evidence.tree import Edge, leaf_hash
from sealed_ledgers import archive, everything, key, ledger_private, root_bytes, the_root

Files = dict[str, bytes]

SIZES = (1, 255, 256, 257, 65_536, 70_000)
"""Around a tile's width and its square: trees of one row, two and three."""
ORIGIN = the_root().origin


@cache
def leaves() -> Sequence[bytes]:
    """A whole small exchange's, and behind them as many as it takes, each as small as a leaf can be."""
    real = everything().exchange.leaves
    made = (b'hifadhi/leaf/1\n{"ruling":"lapsed","position":%d}\n' % number for number in range(len(real), SIZES[-1]))
    return (*real, *made)


@cache
def whole(size: int) -> Mapping[str, bytes]:
    """The files of the ledger of the first so many leaves."""
    return archive(leaves()[:size])


def root_of(size: int, sealed: Sequence[bytes] | None = None) -> bytes:
    return Edge.empty().extend(map(leaf_hash, (sealed or leaves())[:size])).root()


def signed(text: str, private: Ed25519PrivateKey | None = None, name: str = ORIGIN) -> bytes:
    """Any text as a note that the ledger's key, or another, has signed."""
    return note.sign(text, name=name, private=private or ledger_private()).encode()


def signed_tree(size: int, root: bytes, *, origin: str = ORIGIN, private: Ed25519PrivateKey | None = None) -> bytes:
    return checkpoint.sign(Checkpoint(origin, size, root), private or ledger_private()).encode()


def signed_twice(size: int) -> bytes:
    """The checkpoint of so many leaves, with an ML-DSA-44 signature behind the usual one."""
    second = key("ledger/ml-dsa-44").key
    assert isinstance(second, MLDSA44PrivateKey)
    tree = Checkpoint(ORIGIN, size, root_of(size))
    return checkpoint.sign(tree, ledger_private(), second).encode()


def with_another_ledger_key() -> bytes:
    """The root of a hub that signs so."""
    root = json.loads(root_bytes())
    root["hub"]["ledger"].append(key("ledger/ml-dsa-44").public.as_dict())
    return json.dumps(root).encode()


def proof(index: int, size: int) -> Proof:
    """That this leaf is in the ledger of this size, as the registry makes it."""
    files = whole(size)
    read = partial(node_from_tiles, read_tile=partial(_tile, files, size))
    return Proof(index, tuple(tree.inclusion_proof(index, size, read)), files["checkpoint"].decode())


def _tile(files: Mapping[str, bytes], size: int, level: int, index: int) -> bytes:
    row = size >> (8 * level)
    return files[Tile(level, index, min(256, row - 256 * index)).path()]


def written(files: Mapping[str, bytes], folder: Path) -> Path:
    """The folder, with the files and beside them `root.json`, which no ledger brings along itself."""
    for path, raw in files.items():
        file = folder / "ledger" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(raw)
    (folder / "root.json").write_bytes(root_bytes())
    return folder


def with_other_origin() -> bytes:
    return json.dumps({**json.loads(root_bytes()), "origin": "other.example.org"}).encode()


def flipped(raw: bytes, bit: int) -> bytes:
    """With one bit changed; counted from the end, if it is negative."""
    number = bit % (8 * len(raw))
    changed = bytearray(raw)
    changed[number // 8] ^= 1 << (number % 8)
    return bytes(changed)
