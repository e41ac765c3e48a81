from pathlib import Path

import pytest

from hifadhi.agency.auditor.archive import MAX_FILE, Archive
from hifadhi.errors import Tampered
from hifadhi.evidence.tree import Edge, leaf_hash
from sealed_ledgers import Exchange


@pytest.fixture
def exchange() -> Exchange:
    exchange = Exchange()
    exchange.admit_all()
    return exchange


def stored(folder: Path, exchange: Exchange) -> Archive:
    archive = Archive(folder)
    for path, raw in exchange.files().items():
        archive.write(path, raw)
    return archive


def test_the_folder_reads_as_the_files_that_were_written(tmp_path: Path, exchange: Exchange) -> None:
    archive = stored(tmp_path, exchange)
    assert dict(archive) == exchange.files()
    assert len(archive) == 3


def test_other_files_in_the_folder_are_not_part_of_it(tmp_path: Path, exchange: Exchange) -> None:
    archive = stored(tmp_path, exchange)
    (tmp_path / "notes.txt").write_text("seen on Monday")
    assert dict(archive) == exchange.files()


def test_every_file_below_tile_is_part_of_it_whatever_its_name(tmp_path: Path, exchange: Exchange) -> None:
    archive = stored(tmp_path, exchange)
    (tmp_path / "tile/entries/.hidden").write_text("x")
    assert "tile/entries/.hidden" in set(archive)


def test_a_path_without_a_file_is_absent(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    (tmp_path / "tile").mkdir()
    assert archive.get("checkpoint") is None
    assert archive.get("tile") is None
    assert list(archive) == []


def test_a_file_larger_than_any_of_a_ledger_is_not_read_whole(tmp_path: Path) -> None:
    with (tmp_path / "checkpoint").open("wb") as file:
        file.truncate(MAX_FILE + 1)
    with pytest.raises(Tampered, match="larger"):
        _ = Archive(tmp_path)["checkpoint"]


def test_its_edge_is_that_of_its_leaves(tmp_path: Path, exchange: Exchange) -> None:
    archive = stored(tmp_path, exchange)
    assert archive.edge(10) == Edge.empty().extend(map(leaf_hash, exchange.leaves))
    with pytest.raises(Tampered):
        archive.edge(11)
