import fcntl
import json
import os
import signal
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.agency import durable_file
from hifadhi.errors import Refused, Unavailable
from unit.agency import home_process
from unit.agency.home_process import is_json, started


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


@pytest.mark.slow
def test_two_processes_replace_one_file_and_it_is_always_whole(tmp_path: Path) -> None:
    whole = {b"a" * home_process.WIDTH, b"b" * home_process.WIDTH}
    with started("replace", tmp_path, "a", "b") as processes:
        while any(process.poll() is None for process in processes):
            if (tmp_path / "state").exists():
                assert (tmp_path / "state").read_bytes() in whole
    assert [process.returncode for process in processes] == [0, 0]
    assert list(tmp_path.iterdir()) == [tmp_path / "state"]


@pytest.mark.slow
def test_of_two_processes_that_create_a_file_one_is_refused(tmp_path: Path) -> None:
    with started("create", tmp_path, "a", "b") as processes:
        said = [process.communicate()[0].split() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(map(int, (*said[0], *said[1]))) == list(range(home_process.TURNS))
    assert all((tmp_path / f"key-{number}").read_text() == "a" for number in said[0])


@pytest.mark.slow
def test_a_writer_that_is_killed_leaves_what_was_there_and_nothing_that_piles_up(tmp_path: Path) -> None:
    path = tmp_path / "state"
    durable_file.replace(path, b"before")
    for _ in range(2):
        with started("die", tmp_path, "a") as (killed,):
            killed.wait()
        assert killed.returncode == -signal.SIGXFSZ
        assert path.read_bytes() == b"before"
        assert len(list(tmp_path.iterdir())) == 2
    durable_file.replace(path, b"after")
    assert list(tmp_path.iterdir()) == [path]
    assert path.read_bytes() == b"after"


def test_a_file_that_another_process_writes_is_waited_for_and_then_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable_file, "WAIT_FOR_TURN_S", 0.05)
    held = os.open(tmp_path / "state.new", os.O_WRONLY | os.O_CREAT)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(Unavailable, match="another process is writing state") as away:
        durable_file.replace(tmp_path / "state", b"2")
    assert away.value.code == "BUSY"
    os.close(held)
    assert durable_file.replace(tmp_path / "state", b"2")


def test_a_file_may_be_left_as_it_is_once_it_is_our_turn(tmp_path: Path) -> None:
    path = tmp_path / "state"
    durable_file.replace(path, b"1")
    assert not durable_file.replace(path, b"2", unless=lambda: path.read_bytes() == b"1")
    assert list(tmp_path.iterdir()) == [path]
    assert durable_file.replace(path, b"3", unless=lambda: path.read_bytes() == b"2")
    assert path.read_bytes() == b"3"


def test_what_is_there_is_not_created_again(tmp_path: Path) -> None:
    durable_file.create(tmp_path / "key", b"old")
    with pytest.raises(Refused) as refused:
        durable_file.create(tmp_path / "key", b"new")
    assert refused.value.code == "EXISTS"
    assert (tmp_path / "key").read_bytes() == b"old"


def test_lines_are_appended(tmp_path: Path) -> None:
    durable_file.append(tmp_path / "log", b"{}", whole=is_json)
    durable_file.append(tmp_path / "log", b"[]\n{}", whole=is_json)
    assert durable_file.read(tmp_path / "log") == b"{}\n[]\n{}\n"
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("width", [0, 300, 70_000])
def test_a_line_that_was_cut_off_at_any_byte_is_glued_to_nothing_and_costs_no_other(tmp_path: Path, width: int) -> None:
    """Whole but for its LF, it stays."""
    path, first, last, after = tmp_path / "log", b'{"a":"1"}', b'{"b":["' + b"x" * width + b'",{}]}', b'{"c":"3"}'
    before = first + b"\n"
    for cut in range(len(last) + 1) if width < 1000 else (1, 255, 256, 257, width // 2, len(last) - 1, len(last)):
        path.write_bytes(before + last[:cut])
        durable_file.append(path, after, whole=is_json)
        left = [last] if cut == len(last) else []
        assert path.read_bytes().splitlines() == [first, *left, after]


def test_a_file_that_is_nothing_but_half_a_line_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b'{"a')
    durable_file.append(tmp_path / "log", b"{}", whole=is_json)
    assert (tmp_path / "log").read_bytes() == b"{}\n"


@given(st.lists(st.dictionaries(st.text(), st.text() | st.lists(st.text())), min_size=1), st.data())
def test_wherever_a_kill_cuts_what_was_appended_whole_lines_stay_and_the_next_is_its_own(
    objects: list[dict[str, object]], data: st.DataObject
) -> None:
    lines = [json.dumps(one, ensure_ascii=False).encode() for one in objects]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        durable_file.append(path, b"\n".join(lines), whole=is_json)
        raw = path.read_bytes()
        cut = data.draw(st.integers(0, len(raw)))
        path.write_bytes(raw[:cut])
        durable_file.append(path, b"{}", whole=is_json)
        whole = [line for end, line in zip(ends(lines), lines, strict=True) if end <= cut]
        assert path.read_bytes() == b"".join(line + b"\n" for line in [*whole, b"{}"])


def ends(lines: list[bytes]) -> list[int]:
    """Where each line ends, its LF not counted."""
    return [end - 1 for end in accumulate(len(line) + 1 for line in lines)]


@pytest.mark.slow
def test_two_processes_that_append_to_one_file_take_nothing_of_each_others_lines(tmp_path: Path) -> None:
    with started("lines", tmp_path, "a", "b") as processes:
        assert [process.wait() for process in processes] == [0, 0]
    found = [next(iter(json.loads(line).items())) for line in (tmp_path / "log").read_bytes().splitlines()]
    for letter in ("a", "b"):
        said = [text for name, text in found if name == letter]
        assert said == [f"{turn}{'x' * (turn * 97)}" for turn in range(home_process.TURNS)]


@pytest.mark.slow
def test_a_writer_that_is_killed_within_a_line_holds_nobody_up(tmp_path: Path) -> None:
    durable_file.append(tmp_path / "log", b'{"first":1}', whole=is_json)
    with started("die_in_a_line", tmp_path, "a") as (killed,):
        killed.wait()
    assert killed.returncode == -signal.SIGXFSZ
    assert (tmp_path / "log").read_bytes().startswith(b'{"first":1}\n{"a":"aaa')
    durable_file.append(tmp_path / "log", b'{"next":1}', whole=is_json)
    assert (tmp_path / "log").read_bytes() == b'{"first":1}\n{"next":1}\n'


def test_a_line_waits_for_who_is_writing_one_and_is_then_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable_file, "WAIT_FOR_TURN_S", 0.05)
    (tmp_path / "log").write_bytes(b'{"ha')
    with (tmp_path / "log").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Unavailable, match="another process is writing log"):
            durable_file.append(tmp_path / "log", b"{}", whole=is_json)
    assert (tmp_path / "log").read_bytes() == b'{"ha'


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="NOT_FOUND"):
        durable_file.read(tmp_path / "nothing")
    with pytest.raises(Refused, match="NOT_READABLE"):
        durable_file.read(tmp_path)
