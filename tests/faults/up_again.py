"""Runs `hifadhi up` again and again, each time as a new process: `python -m faults.up_again`, a line on stdin for each.

Everything is imported once, before the processes part, so that a test can afford many starts. Says `pid <number>` of
each process; what that process says is the exchange's own.
"""

import os
import signal
import sys
from pathlib import Path

import uvloop  # noqa: F401 (loaded here for all)

import hifadhi.wiring  # noqa: F401 (as above)
from hifadhi import hub_commands
from hifadhi.hub_commands import Given


def main() -> None:
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not waited for
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os._exit(hub_commands.up(Given(data=folder, port=port)))
        sys.stdout.write(f"pid {pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
