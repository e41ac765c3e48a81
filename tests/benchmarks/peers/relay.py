"""A relay on loopback that counts what passes, in both directions: every byte of HTTP, none of TCP."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit, urlunsplit

_CHUNK: Final = 1 << 16


class Relay:
    """`url`: what stands in the target's place. `count`: bytes so far."""

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self.url, self.count = "", 0

    async def listen(self) -> asyncio.Server:
        """On a port of its own; to be closed."""
        server = await asyncio.start_server(self._relayed, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        self.url = urlunsplit(self._target._replace(netloc=f"127.0.0.1:{port}"))
        return server

    async def _relayed(self, reader: StreamReader, writer: StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._target.hostname, self._target.port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pumped(reader, back))
                group.create_task(self._pumped(there, writer))
        except* OSError:  # a side has gone: what passed is counted
            pass
        finally:
            back.close()
            writer.close()

    async def _pumped(self, source: StreamReader, sink: StreamWriter) -> None:
        while chunk := await source.read(_CHUNK):
            self.count += len(chunk)
            sink.write(chunk)
            await sink.drain()
        sink.write_eof()


@asynccontextmanager
async def relayed(target: str) -> AsyncIterator[Relay]:
    """A relay to the target, until the block ends."""
    relay = Relay(target)
    server = await relay.listen()
    try:
        yield relay
    finally:
        server.close()
