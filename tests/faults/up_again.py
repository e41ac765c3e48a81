"""Runs the exchange's commands again and again, each time as a new process: `python -m faults.up_again`.

A line on stdin is `{"command", "log", "environment", "ahead_ms"}`, and is answered with the process's number: `hifadhi
<command>` with exactly that environment, which writes to the file `log` and believes that it is `ahead_ms` later.
Everything is imported once, before the processes part, so that a test can afford many starts.
"""

import ctypes
import gc
import json
import os
import signal
import sys
from functools import partial
from typing import Any, Final

import uvloop  # noqa: F401 (loaded here for all)

import hifadhi.hub.console.neighbours
import hifadhi.hub.console.service
import hifadhi.hub.delivery.service
import hifadhi.hub.gateway.service
import hifadhi.hub.registry.lease
import hifadhi.hub.registry.service
import hifadhi.store.postgres
import hifadhi.store.sqlite
import hifadhi.store.upgrade
import hifadhi.stream.kafka
import hifadhi.stream.sqlite  # noqa: F401 (as above)
from hifadhi import hub_commands
from hifadhi.wiring import Exchange, wall_clock_ms

_PR_SET_PDEATHSIG: Final = 1
_LIBC: Final = ctypes.CDLL(None)


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not waited for
    gc.collect()
    gc.freeze()  # else each process would walk, at its start, all that is loaded here
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _become(said: dict[str, Any]) -> None:
    """The command, until it ends."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # it ends with us
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(said["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for number in (1, 2):
        os.dup2(output, number)
    os.environ.clear()
    os.environ.update(said["environment"])
    if said["ahead_ms"]:
        clock = partial(_ahead, said["ahead_ms"])
        hub_commands.Exchange = partial(Exchange, clock_ms=clock)  # type: ignore[attr-defined, assignment] # a test's clock
    code = 1
    try:
        code = getattr(hub_commands, said["command"])()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _ahead(ahead_ms: int) -> int:
    return wall_clock_ms() + ahead_ms


if __name__ == "__main__":
    main()
