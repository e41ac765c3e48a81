"""The ledger's files: notes, checkpoints, tiles, bundles, proofs, leaves."""

from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from fuzz.target import Target, text_of
from hifadhi.errors import HifadhiError
from hifadhi.evidence import checkpoint, leaf, note, projection, proof, tiles
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.note import Verifier
from hifadhi.evidence.proof import Proof
from hifadhi.evidence.tile_proof import TileProof, needed
from hifadhi.evidence.tiles import ENTRIES, WIDTH, Tile
from hifadhi.evidence.tree import HASH_BYTES, inclusion_proof, leaf_hash, verify_consistency
from ledger_maker import LedgerMaker
from unit.evidence import merkle

ORIGIN: Final = "hub.example/ledger"
INDEX: Final = 5
_PRIVATE: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
_PRIVATE_PQ: Final = MLDSA44PrivateKey.from_seed_bytes(bytes(range(32)))
_VERIFIER: Final = Verifier(ORIGIN, _PRIVATE.public_key().public_bytes_raw())
_VERIFIER_PQ: Final = Verifier(ORIGIN, _PRIVATE_PQ.public_key().public_bytes_raw(), note.ML_DSA_44)
_ENTRIES: Final = merkle.entries(11)
_TREE: Final = Checkpoint(ORIGIN, len(_ENTRIES), merkle.mth(_ENTRIES))
_NOTE: Final = checkpoint.sign(_TREE, _PRIVATE)
_WITNESSED: Final = _NOTE + note.sign(_TREE.body(), name="witness", private=_PRIVATE).rpartition("\n\n")[2]
_SIGNED_TWICE: Final = checkpoint.sign(_TREE, _PRIVATE, _PRIVATE_PQ)
_COSIGNED: Final = checkpoint.sign(_TREE, _PRIVATE_PQ)
_PROOF: Final = Proof(INDEX, tuple(inclusion_proof(INDEX, len(_ENTRIES), merkle.reader(_ENTRIES))), _NOTE)
_MOST: Final = 1 << 20


def signed_note(raw: bytes) -> None:
    """As one opens it who knows both keys, and as one who knows those that signed."""
    known = (_VERIFIER, _VERIFIER_PQ)
    opened = note.open_note(raw, known)
    assert raw.startswith(opened.text.encode() + b"\n")
    assert 1 <= len(set(opened.verified) & set(known)) == len(opened.verified)
    assert opened.text == _TREE.body()
    assert checkpoint.open_checkpoint(raw, ORIGIN, opened.verified) == _TREE


def verifier(raw: bytes) -> None:
    text = text_of(raw)
    assert Verifier.parse(text).format() == text


def checkpoint_body(raw: bytes) -> None:
    text = text_of(raw)
    assert checkpoint.parse(text, ORIGIN).body() == text


def tile_path(raw: bytes) -> None:
    text = text_of(raw)
    tile = tiles.parse_path(text)
    assert tile.path() == text
    assert 1 <= tile.width <= WIDTH


def bundle(raw: bytes) -> None:
    """The first byte is one less than the width that the reader expects."""
    width = raw[0] + 1 if raw else 1
    assert tiles.entry_bundle(tiles.parse_bundle(raw[1:], width)) == raw[1:]


def tile_bytes(raw: bytes) -> None:
    """The unfinished tile that proves all leaves of a small tree: only the true one does."""
    TileProof(_TREE, {Tile(0, 0, len(_ENTRIES)): raw}).check(INDEX, leaf_hash(_ENTRIES[INDEX]))
    assert raw == _TILE
    assert needed([INDEX], len(_ENTRIES)) == {Tile(0, 0, len(_ENTRIES))}


def proof_file(raw: bytes) -> None:
    read = proof.parse(raw)
    assert read.format() == raw.decode()
    assert read.verify(_ENTRIES[INDEX], ORIGIN, [_VERIFIER]) == _TREE
    assert (read.index, read.hashes) == (INDEX, _PROOF.hashes)


def consistency(raw: bytes) -> None:
    """Two sizes, a byte each, and the hashes. Whatever passes between two known roots has the hashes of the true proof.

    The sizes stand in what is signed: from 5 to 9 the same hashes may lead to the same root.
    """
    hashes = [raw[at : at + HASH_BYTES] for at in range(2, len(raw), HASH_BYTES)]
    old, new = (*raw[:2], 0, 0)[:2]
    verify_consistency(old, merkle.mth(_ENTRIES[:INDEX]), new, _TREE.root, hashes)
    assert raw[2:] == _CONSISTENCY[2:]


def one_leaf(raw: bytes) -> None:
    assert leaf.parse(raw).to_bytes() == raw


def entry(raw: bytes) -> None:
    """As the followers of the ledger read it, with what it names."""
    projection.read(0, raw)


def _leaves() -> tuple[bytes, ...]:
    made = LedgerMaker.with_agencies(("MZ-INAR", "ZA-DHA"))
    case = made.open_case()
    made.request(case)
    made.send("encounter.reported", "MZ-INAR", ["ZA-DHA"], case=ID_OF_NOTHING)
    made.tick(10 * 24 * 3_600_000)
    return tuple(one.leaf.to_bytes() for one in made.leaves)


def _is_read(raw: bytes) -> bool:
    try:
        projection.read(0, raw)
    except HifadhiError:
        return False
    return True


ID_OF_NOTHING: Final = "0192f000-0000-7000-8000-0000000fffff"
_TILE: Final = b"".join(map(leaf_hash, _ENTRIES))
_CONSISTENCY: Final = bytes([INDEX, len(_ENTRIES)]) + b"".join(merkle.proof(INDEX, _ENTRIES))
_LEAVES: Final = _leaves()
_PATHS: Final = (Tile(0, 5), Tile(2, 1_234_067, 5), Tile(ENTRIES, 1000, 255), Tile(63, 0, 1))

TARGETS: Final = (
    Target("note", signed_note, tuple(one.encode() for one in (_NOTE, _WITNESSED, _SIGNED_TWICE, _COSIGNED)), _MOST),
    Target("verifier", verifier, tuple(one.format().encode() for one in (_VERIFIER, _VERIFIER_PQ))),
    Target("checkpoint", checkpoint_body, (_TREE.body().encode(), Checkpoint(ORIGIN, 1, bytes(32)).body().encode())),
    Target("tile_path", tile_path, tuple(tile.path().encode() for tile in _PATHS)),
    Target("bundle", bundle, (b"\x02" + tiles.entry_bundle([b"", b"one", b"x" * 300]),), _MOST),
    Target("tile", tile_bytes, (_TILE,)),
    Target("proof", proof_file, (_PROOF.format().encode(),), _MOST),
    Target("consistency", consistency, (_CONSISTENCY,)),
    Target("leaf", one_leaf, _LEAVES),
    Target("entry", entry, tuple(filter(_is_read, _LEAVES))),
)
