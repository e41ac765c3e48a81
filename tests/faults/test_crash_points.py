"""The switch that kills a process at a place: every place is where the table says, and nothing else is taken."""

import ast
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import hifadhi
from hifadhi import crash_point
from hifadhi.crash_point import CRASH_AT, CRASH_AT_VISIT, CRASH_BY, POINTS, arm
from hifadhi.errors import Refused

SOURCES = Path(hifadhi.__file__).parent
SLIPS = [{CRASH_AT: "gateway: nowhere"}, {CRASH_AT_VISIT: "0"}, {CRASH_AT_VISIT: "one"}, {CRASH_BY: "SIGTERM"}]


def reached(path: Path) -> list[tuple[str, str]]:
    """The points in a source, each with the function that it stands in, as the table writes it."""
    module = ".".join(path.relative_to(SOURCES / "hub").with_suffix("").parts)
    found: list[tuple[str, str]] = []
    for function in ast.walk(ast.parse(path.read_text())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            calls = [node for node in ast.walk(function) if isinstance(node, ast.Call)]
            points = [call.args[0] for call in calls if ast.unparse(call.func) == "crash_point.reach"]
            found += [(ast.literal_eval(point), f"{module}.{function.name}") for point in points]
    return found


def died(point: str | None, visit: str | None = None) -> int:
    """What becomes of a process that passes the first point three times, armed with these."""
    program = (
        "import os; from hifadhi import crash_point as c; c.arm(os.environ); p = next(iter(c.POINTS));"
        "[print(n, flush=True) or c.reach(p) for n in (1, 2, 3)]"
    )
    switch = {name: value for name, value in ((CRASH_AT, point), (CRASH_AT_VISIT, visit)) if value is not None}
    ran = subprocess.run([sys.executable, "-c", program], env=os.environ | switch, capture_output=True, check=False)
    assert ran.returncode == (-signal.SIGKILL if point else 0), ran.stderr
    return len(ran.stdout.split())


def test_every_point_of_the_table_is_reached_once_and_where_it_says() -> None:
    found = [one for path in SOURCES.rglob("*.py") if path.is_relative_to(SOURCES / "hub") for one in reached(path)]
    assert sorted(found) == sorted(POINTS.items())


def test_no_point_is_reached_outside_the_hub() -> None:
    others = [path for path in SOURCES.rglob("*.py") if not path.is_relative_to(SOURCES / "hub")]
    assert [path.name for path in others if "crash_point.reach" in path.read_text()] == []


def test_a_process_that_is_not_told_to_die_passes_every_point() -> None:
    assert died(None) == 3


def test_a_process_dies_at_the_first_visit_of_its_point() -> None:
    assert died(next(iter(POINTS))) == 1


def test_a_process_dies_at_the_visit_that_it_is_told() -> None:
    assert died(next(iter(POINTS)), "2") == 2


@pytest.mark.parametrize("switch", SLIPS)
def test_a_switch_that_names_nothing_is_refused(switch: dict[str, str]) -> None:
    with pytest.raises(Refused, match="SCHEMA at /hifadhi_crash"):
        arm(switch)


def test_a_service_that_is_told_an_unknown_point_does_not_start(tmp_path: Path) -> None:
    program = [str(Path(sys.executable).with_name("hifadhi")), "up", "--data", str(tmp_path), "--port", "0"]
    switch = {CRASH_AT: "gateway: nowhere"}
    ran = subprocess.run(program, env=os.environ | switch, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert "crash_point.py lists them" in ran.stderr


def test_reaching_a_point_that_nobody_armed_does_nothing() -> None:
    arm({})
    for point in POINTS:
        crash_point.reach(point)
