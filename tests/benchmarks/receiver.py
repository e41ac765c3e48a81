"""One agency that opens what it is sent: proves, decrypts, checks. `python -m benchmarks.receiver LOAD`.

It prints `ready`, and then after each page how many it has opened in all.
"""

import sys
import time
from pathlib import Path

import uvloop

from benchmarks.load import Load
from hifadhi.agency.client import Client


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def main(load: Load) -> None:
    """Open the load, from the cursor on."""
    opened = 0
    async with Client(Path(load.home), load.root_of_trust(), load.url, faces=load.faces) as agency:
        await agency.refresh_directory()
        _say("ready")
        with load.log_file() as log:
            async for page in agency.inbox.receive_pages(wait_s=5):
                now = time.monotonic_ns()
                for item in page:
                    assert item.header and item.is_recorded and item.bodies and not item.problems, item
                    log.write(f"{item.header.id} {now}\n")
                opened += len(page)
                if page:
                    _say(str(opened))
                if opened >= load.count:
                    return


if __name__ == "__main__":
    uvloop.run(main(Load.read(sys.argv[1])))
