"""The receiving access point of the Python peer: `receiver.py KEYS STORE`. It says its URL in its first line.

as4 has no server and stores nothing: both are here. A message is verified and opened, its payload is on disk, and then
the receipt is signed.
"""

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import uvloop
from aiohttp import web
from as4.peppol import parse_peppol_message
from parties import Parties

MAX_BODY: Final = 4 << 20


class AccessPoint:
    """Takes messages of one party into a folder, each in a file of its own."""

    def __init__(self, parties: Parties, store: Path) -> None:
        self._parties, self._store = parties, store

    async def take(self, request: web.Request) -> web.Response:
        """Answer with a signed receipt, or with a signed error."""
        body = await request.read()
        parties = self._parties
        taken = parse_peppol_message(dict(request.headers), body, parties.ours, security_policy=parties.policy)
        if taken.successful:
            (payload,) = taken.message.decrypted_data.values()
            await asyncio.to_thread(write, self._store / taken.message_id, payload)
        headers, signal = taken.build_signal()
        return web.Response(body=signal, headers=headers)


def write(path: Path, payload: bytes) -> None:
    """The payload, on disk when this returns."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        os.write(descriptor, payload)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def main(keys: Path, store: Path) -> None:
    """Until it is ended."""
    point = AccessPoint(Parties.load(keys, "receiver", "sender"), store)
    application = web.Application(client_max_size=MAX_BODY)
    application.router.add_post("/as4", point.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sys.stdout.write(f"http://127.0.0.1:{runner.addresses[0][1]}/as4\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
