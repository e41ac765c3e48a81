import io
import tracemalloc
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.agency.auditor import dossier_zip
from hifadhi.agency.auditor.dossier_zip import pack, unpack
from hifadhi.errors import Refused, Tampered

NAMES = st.text(st.characters(codec="ascii", categories=("L", "N")), min_size=1, max_size=12)
FILES = st.dictionaries(NAMES, st.binary(max_size=64), min_size=1, max_size=5)


@given(FILES)
def test_the_same_files_make_the_same_zip_and_come_out_again(files: dict[str, bytes]) -> None:
    packed = pack(files)
    assert packed == pack(dict(reversed(files.items())))
    assert unpack(packed) == files


@given(FILES, st.data())
def test_a_zip_in_which_anything_is_changed_is_refused_or_other_files(
    files: dict[str, bytes], data: st.DataObject
) -> None:
    raw = bytearray(pack(files))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = unpack(bytes(raw))
    except (Refused, Tampered):
        return
    assert found != files


@given(st.binary(max_size=200))
def test_what_is_no_zip_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused, match="NO_DOSSIER"):
        unpack(raw)


def zipped(*files: tuple[str, bytes], how: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", how) as archive:
        archive.comment = comment
        for name, raw in files:
            archive.writestr(name, raw)
    return packed.getvalue()


def test_a_bomb_is_not_unpacked() -> None:
    bomb = zipped(("leaf", bytes(50_000_000)), how=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 100_000
    with pytest.raises(Refused, match="NO_DOSSIER"):
        unpack(bomb)


def test_a_bomb_that_lies_about_its_size_is_not_unpacked_either() -> None:
    """What it says of itself is one byte; what counts is that nothing is decompressed."""
    size = 50_000_000
    bomb = zipped(("leaf", bytes(size)), how=zipfile.ZIP_DEFLATED).replace(size.to_bytes(4, "little"), b"\1\0\0\0")
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match="NO_DOSSIER"):
            unpack(bomb)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "raw",
    [
        zipped(("leaf", b"x")),  # with the time at which it was made
        pack({"leaf": b"x"}) + b"more",
        b"before" + pack({"leaf": b"x"}),
        zipped(("leaf", b"x"), comment=b"believe me"),
    ],
)
def test_another_way_of_writing_it_is_tampering(raw: bytes) -> None:
    with pytest.raises((Tampered, Refused)):
        unpack(raw)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_twice_is_tampering() -> None:
    with pytest.raises(Tampered):
        unpack(zipped(("leaf", b"x"), ("leaf", b"y")))


def test_a_dossier_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dossier_zip, "MAX_BYTES", 1000)
    for act in (lambda: pack({"leaf": bytes(2000)}), lambda: unpack(bytes(2000))):
        with pytest.raises(Refused, match="TOO_LARGE"):
            act()
