"""A process at work on a store: `python -m contract.store_process ADAPTER WHERE VERSIONS JOB [COUNT]`.

`migrate` migrates. `swap` makes COUNT compare-and-swaps in competition and writes each version that it won.
`hang` writes a row, says so and never ends the transaction.
"""

import asyncio
import sys
from pathlib import Path

from sqlalchemy import insert

from contract.places import StorePlace
from contract.store_contract import NOTES, win_swaps
from hifadhi.store.port import Store


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _hang(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(insert(NOTES).values(id=1, text="never committed"))
        _say("written")
        await asyncio.Event().wait()


async def _main(adapter: str, where: str, versions: str, job: str, count: int) -> None:
    store = StorePlace(adapter, where, Path(versions)).open()
    if job == "migrate":
        await store.migrate()
    elif job == "swap":
        for version in await win_swaps(store, count):
            _say(str(version))
    else:
        await _hang(store)
    await store.close()


if __name__ == "__main__":
    _adapter, _where, _versions, _job, *_count = sys.argv[1:]
    asyncio.run(_main(_adapter, _where, _versions, _job, int(_count[0]) if _count else 0))
