"""Records as the stream's contract makes and reads them."""

from collections.abc import Sequence

from contract.places import StreamPlace
from hifadhi.stream.port import Entry, Record, Stream
from hifadhi.stream.topics import topics


async def all_records(
    stream: Stream, topic: str, *, position: int = 0, limit: int = 500, max_bytes: int = 8 << 20
) -> list[Record]:
    records: list[Record] = []
    while page := await stream.read(topic, position, limit=limit, max_bytes=max_bytes):
        records += page
        position = page[-1].position + 1
    return records


async def opened(place: StreamPlace) -> Stream:
    stream = place.open()
    await stream.create(topics(1))
    return stream


def numbered(count: int, key: bytes = b"k") -> list[Entry]:
    return [Entry(key, b"%d" % number) for number in range(count)]


def content(records: Sequence[Record]) -> list[Entry]:
    return [Entry(record.key, record.value, record.headers) for record in records]
