"""`PYTHONPATH=../deploy/local python -m benchmarks.peers [--quick] [SYSTEM…]`, from `tests/`: see README.md.

Prints a table and writes build/peers.json. Nothing else should run meanwhile.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

from benchmarks import figure
from benchmarks.figure import Figure
from benchmarks.peers import keys, ours, payloads
from benchmarks.peers.measured import Measured, ratios
from benchmarks.peers.pace import LONG, QUICK, Pace
from benchmarks.peers.payloads import Payload
from benchmarks.peers.peer import Peer

HERE: Final = Path(__file__).parent
BUILD: Final = HERE.parent.parent.parent / "build"
_PYTHON: Final = str(BUILD / "peers" / "as4" / "bin" / "python")
_JAVA: Final = ("java", "-cp", f"{BUILD}/peers/phase4/phase4-peer.jar:{BUILD}/peers/phase4/lib/*")
PEERS: Final = (
    # Python runs on one core: two processes of each side, so that both cores are busy. A JVM uses both by itself.
    Peer("as4", (_PYTHON, f"{HERE}/as4_peer/receiver.py"), (_PYTHON, f"{HERE}/as4_peer/sender.py"), processes=2),
    Peer("phase4", (*_JAVA, "hifadhi.peers.Receiver"), (*_JAVA, "hifadhi.peers.Sender"), processes=1),
)

Measure = Callable[[Path, Payload, Pace], Awaitable[Measured]]


def _of(peer: Peer) -> Measure:
    async def measure(folder: Path, payload: Payload, pace: Pace) -> Measured:
        return await peer.measure(keys.make(folder / "keys"), folder / "run", payload, pace)

    return measure


SYSTEMS: Final = {**{peer.system: _of(peer) for peer in PEERS}, ours.SYSTEM: ours.measure}


async def _measured(names: Sequence[str], payload: Payload, pace: Pace) -> list[Figure]:
    """Of one payload, each system alone after the other, and the ratios of ours to the others."""
    found: dict[str, Measured] = {}
    for name in names:
        with tempfile.TemporaryDirectory(prefix=f"hifadhi-peers-{name}-") as folder:
            found[name] = await SYSTEMS[name](Path(folder), payload, pace)
        sys.stderr.write(figure.table(list(found[name].figures())) + "\n\n")
    figures = [one for measured in found.values() for one in measured.figures()]
    mine = found.pop(ours.SYSTEM, None)
    return figures + [one for measured in found.values() if mine for one in ratios(mine, measured)]


async def main(arguments: Sequence[str]) -> None:
    """Measure the systems of these names, or all."""
    pace = QUICK if "--quick" in arguments else LONG
    names = [name for name in arguments if name != "--quick"] or list(SYSTEMS)
    found = [Figure("load of the machine before", os.getloadavg()[0], "processes")]
    for payload in (payloads.small(), payloads.large()):
        found += await _measured(names, payload, pace)
    sys.stdout.write(figure.table(found) + "\n")
    figure.write(found, BUILD / "peers.json")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
