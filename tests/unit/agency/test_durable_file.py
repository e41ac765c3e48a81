from pathlib import Path

import pytest

from hifadhi.agency import durable_file
from hifadhi.errors import Refused


def test_a_file_is_replaced_whole_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "state"
    durable_file.replace(path, b"first")
    durable_file.replace(path, b"2")
    assert path.read_bytes() == b"2"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_the_rest_of_a_crash_is_no_hindrance_and_lends_its_mode_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "state.new").write_bytes(b"half")
    (tmp_path / "state.new").chmod(0o666)
    durable_file.replace(tmp_path / "state", b"whole")
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o600


def test_what_is_there_is_not_created_again(tmp_path: Path) -> None:
    durable_file.create(tmp_path / "key", b"old")
    with pytest.raises(Refused) as refused:
        durable_file.create(tmp_path / "key", b"new")
    assert refused.value.code == "EXISTS"
    assert (tmp_path / "key").read_bytes() == b"old"


def test_lines_are_appended(tmp_path: Path) -> None:
    durable_file.append(tmp_path / "log", b"1")
    durable_file.append(tmp_path / "log", b"2")
    assert durable_file.read(tmp_path / "log") == b"1\n2\n"


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="NOT_FOUND"):
        durable_file.read(tmp_path / "nothing")
    with pytest.raises(Refused, match="NOT_READABLE"):
        durable_file.read(tmp_path)
