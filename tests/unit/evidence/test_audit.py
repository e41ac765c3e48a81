from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hifadhi.errors import Tampered
from hifadhi.evidence import checkpoint
from hifadhi.evidence.audit import Audit, belongs
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.report import Report, Verified
from sealed_ledgers import DIGEST, EverythingSealed, Exchange, archive, everything, key, ledger_private, the_root


@pytest.fixture(scope="module")
def sealed() -> EverythingSealed:
    return everything()


def audited(files: Mapping[str, bytes]) -> Report:
    return Audit(files, the_root()).run()


def first_bad(files: Mapping[str, bytes]) -> int | None:
    with pytest.raises(Tampered) as caught:
        audited(files)
    return caught.value.index


@pytest.fixture(scope="module")
def long() -> Exchange:
    """A ledger of more than one bundle, so that it has tiles on two levels."""
    exchange = Exchange()
    exchange.admit_all()
    for _ in range(250):
        exchange.opened()
    return exchange


def test_an_archive_verifies_and_shows_each_leaf_once(sealed: EverythingSealed) -> None:
    seen: list[Verified] = []
    report = Audit(sealed.exchange.files(), the_root()).run(seen.append)
    assert [leaf.index for leaf in seen] == list(range(report.leaves)) == list(range(36))


def test_an_archive_of_several_bundles_and_levels_verifies(long: Exchange) -> None:
    files = long.files()
    assert {"tile/0/000", "tile/0/001.p/4", "tile/1/000.p/1", "tile/entries/001.p/4"} <= files.keys()
    assert audited(files).leaves == 260


def test_an_archive_without_leaves_verifies() -> None:
    files = archive([])
    assert list(files) == ["checkpoint"]
    assert audited(files).leaves == 0


def small(leaves: int) -> dict[str, bytes]:
    """An archive of leaves as small as leaves are."""
    exchange = Exchange()
    for _ in range(leaves):
        exchange.say("GOVERNANCE", "key.revoked", keys=["governance-1"], agency="MZ-INAR", kid=DIGEST)
    return exchange.files()


def check_bits(files: Mapping[str, bytes], step: int) -> None:
    """Each bit whose number is a multiple of `step`, flipped alone."""
    audited(files)
    for path, raw in files.items():
        for bit in range(0, 8 * len(raw), step):
            spoiled = bytearray(raw)
            spoiled[bit // 8] ^= 1 << (bit % 8)
            with pytest.raises(Tampered):
                audited({**files, path: bytes(spoiled)})


def test_a_flipped_bit_in_any_file_is_found() -> None:
    check_bits(small(leaves=3), 101)


@pytest.mark.slow
def test_every_single_bit_of_every_file_counts() -> None:
    check_bits(small(leaves=1), 1)


def test_a_changed_entry_is_named(sealed: EverythingSealed) -> None:
    files = sealed.exchange.files()
    bundle = files["tile/entries/000.p/36"]
    at = bundle.index(sealed.exchange.leaves[17]) + 100
    files["tile/entries/000.p/36"] = bundle[:at] + bytes([bundle[at] ^ 1]) + bundle[at + 1 :]
    assert first_bad(files) == 17


def test_a_changed_length_of_an_entry_is_named(sealed: EverythingSealed) -> None:
    files = sealed.exchange.files()
    bundle = files["tile/entries/000.p/36"]
    at = bundle.index(sealed.exchange.leaves[17]) - 1
    files["tile/entries/000.p/36"] = bundle[:at] + bytes([bundle[at] ^ 128]) + bundle[at + 1 :]
    assert first_bad(files) == 17


def test_of_two_wrongs_the_first_is_named(sealed: EverythingSealed) -> None:
    files = sealed.exchange.files()
    for path, at in (("tile/entries/000.p/36", -100), ("tile/0/000.p/36", 32 * 5)):
        raw = bytearray(files[path])
        raw[at] ^= 1
        files[path] = bytes(raw)
    assert first_bad(files) == 5


def test_a_bundle_that_ends_too_early_names_the_entry_that_is_cut(sealed: EverythingSealed) -> None:
    files = sealed.exchange.files()
    bundle = files["tile/entries/000.p/36"]
    files["tile/entries/000.p/36"] = bundle[: bundle.index(sealed.exchange.leaves[17]) + 100]
    with pytest.raises(Tampered, match="index 17: its bundle ends before this entry does"):
        audited(files)


@pytest.mark.parametrize(
    ("path", "hash_number", "index"), [("tile/0/001.p/4", 3, 259), ("tile/0/000", 9, 9), ("tile/1/000.p/1", 0, 0)]
)
def test_a_changed_hash_is_named_by_its_first_leaf(long: Exchange, path: str, hash_number: int, index: int) -> None:
    files = long.files()
    raw = bytearray(files[path])
    raw[32 * hash_number + 5] ^= 1
    assert first_bad({**files, path: bytes(raw)}) == index


@pytest.mark.parametrize(
    ("path", "index"),
    [("checkpoint", None), ("tile/0/001.p/4", 256), ("tile/1/000.p/1", 0), ("tile/entries/001.p/4", 256)],
)
def test_a_missing_file_is_found(long: Exchange, path: str, index: int | None) -> None:
    files = long.files()
    del files[path]
    assert first_bad(files) == index


@pytest.mark.parametrize(
    "path",
    ["tile/0/000", "tile/0/001", "tile/0/000.p/35", "tile/1/000.p/1", "tile/entries/000.p/3", "tile/notes", "tile/0/1"],
)
def test_a_surplus_file_of_the_layout_is_found(sealed: EverythingSealed, path: str) -> None:
    assert first_bad({**sealed.exchange.files(), path: b"x"}) is None


@pytest.mark.parametrize("path", ["tile/0/000", "tile/entries/001.p/4", "tile/1/000.p/1"])
def test_a_file_that_is_cut_or_goes_on_is_found(long: Exchange, path: str) -> None:
    files = long.files()
    first_bad({**files, path: files[path][:-1]})
    first_bad({**files, path: files[path] + b"\0"})


def test_what_lies_beside_the_layout_is_nobodys_business(sealed: EverythingSealed) -> None:
    assert audited({**sealed.exchange.files(), "notes.txt": b"seen on Monday"}).leaves == 36


def test_a_dropped_leaf_under_the_old_checkpoint_is_found(sealed: EverythingSealed) -> None:
    fewer = archive(sealed.exchange.leaves[:-1])
    first_bad({**fewer, "checkpoint": sealed.exchange.files()["checkpoint"]})


def test_a_checkpoint_that_another_key_signed_is_refused(sealed: EverythingSealed) -> None:
    gateway = key("gateway").key
    assert isinstance(gateway, Ed25519PrivateKey)
    assert first_bad(archive(sealed.exchange.leaves, gateway)) is None


def test_a_checkpoint_of_an_impossible_size_costs_nothing(sealed: EverythingSealed) -> None:
    """Whoever holds the ledger key can sign any size: the first file that is not there ends it."""
    note = checkpoint.sign(Checkpoint("ledger.example.org", 2**62, bytes(32)), ledger_private()).encode()
    assert first_bad({**sealed.exchange.files(), "checkpoint": note}) == 0


@pytest.mark.parametrize(
    ("path", "size", "expected"),
    [
        ("tile/0/000", 256, True),
        ("tile/0/000.p/255", 255, True),
        ("tile/0/000.p/255", 256, False),
        ("tile/1/000.p/1", 256, True),
        ("tile/1/000.p/1", 255, False),
        ("tile/entries/001.p/1", 257, True),
        ("tile/0/001", 257, False),
        ("tile/0/000.p/256", 256, False),
        ("tile/7/000.p/1", 10, False),
    ],
)
def test_a_tree_has_these_tiles_and_no_others(path: str, size: int, expected: bool) -> None:
    assert belongs(path, size) is expected
