import os
import shutil
from pathlib import Path
from typing import Final

import pytest
from hypothesis import settings

from servers import kafka, postgres

__all__ = ["kafka", "postgres"]

# No deadline: on a machine that others use too, a slow example says nothing about the program.
settings.register_profile("default", deadline=None)
settings.register_profile("nightly", deadline=None, max_examples=15_000, stateful_step_count=100)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


# A disk takes its time to be safe from a lost power, thousands of times in a suite, and nothing here cuts the power: a
# killed process leaves in memory what it leaves on a disk. So there, if it has room, and programs may run from it.
MEMORY: Final = Path("/dev/shm")  # noqa: S108 (pytest makes a folder in it that is its owner's alone)
ROOM_BYTES: Final = 4 << 30
if MEMORY.is_dir() and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC and shutil.disk_usage(MEMORY).free > ROOM_BYTES:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

# What takes seconds to start or to play and is shared by the tests that use it, longer than one of them.
SHARED: Final = frozenset({"door", "hanging", "honest", "kafka", "place", "verifier"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that share something dear stay together; what is given more time goes first, then what is slow.

    Last, one worker would be left alone with it.
    """
    for item in items:
        if group := _shared(item):
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=lambda item: [item.get_closest_marker(name) is None for name in ("timeout", "slow")])


def _shared(item: pytest.Item) -> str | None:
    """The name of what it shares, if any: with `--dist loadgroup` one worker runs all who do, and it starts once."""
    if not isinstance(item, pytest.Function):
        return None
    if "kafka" in (*item.fixturenames, _adapter(item)):
        return "kafka"
    asked = item._fixtureinfo.name2fixturedefs  # noqa: SLF001 (pytest tells a fixture's scope nowhere else)
    scopes = {name: asked[name][-1].scope for name in SHARED & asked.keys()}
    wide = [
        name if scope == "session" else f"{item.path.stem} {name}"
        for name, scope in scopes.items()
        if scope != "function"
    ]
    return "".join(wide) or None


def _adapter(item: pytest.Function) -> str:
    """Of a contract, which asks for its adapter's server by name, once it runs."""
    return item.callspec.id if hasattr(item, "callspec") else ""
