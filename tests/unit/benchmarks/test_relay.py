import asyncio

from benchmarks.peers.relay import relayed


async def _echoed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write((await reader.read()) * 2)
    writer.write_eof()
    await writer.drain()
    writer.close()


async def test_bytes_of_both_directions_are_counted_and_arrive() -> None:
    server = await asyncio.start_server(_echoed, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, relayed(f"http://127.0.0.1:{port}/as4") as relay:
        assert relay.url.endswith("/as4") and f":{port}/" not in relay.url
        relay_port = int(relay.url.rsplit(":", 1)[1].removesuffix("/as4"))
        reader, writer = await asyncio.open_connection("127.0.0.1", relay_port)
        writer.write(b"x" * 100_000)
        writer.write_eof()
        assert await reader.read() == b"x" * 200_000
        writer.close()
        assert relay.count == 300_000
