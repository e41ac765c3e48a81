"""What stands in the topics of an exchange, whatever it has said: ids of messages, digests of parts."""

import json
from collections import Counter
from dataclasses import dataclass

from cast import Body, payload_of
from faults.remains import records
from hifadhi.evidence import b64u
from hifadhi.stream.port import Stream
from hifadhi.stream.topics import PARTS, SUBMISSIONS, topics


@dataclass(frozen=True, slots=True)
class Stored:
    """`messages`: how often each id stands in `submissions`. `parts`: those that are not erased."""

    messages: Counter[str]
    parts: frozenset[str]


async def stored_in(stream: Stream, parts_partitions: int) -> Stored:
    """All that is there now. The stream is closed."""
    try:
        await stream.create(topics(parts_partitions))
        submissions = await records(stream, SUBMISSIONS)
        parts = await records(stream, PARTS)
    finally:
        await stream.close()
    # An empty one is a tick of the registry's.
    ids = (payload_of({"header": json.loads(record.value)})["id"] for record in submissions if record.value)
    newest = {record.key: record.value for record in parts}
    return Stored(Counter(ids), frozenset(b64u.encode(key) for key, value in newest.items() if value is not None))


def parts_of(body: Body) -> set[str]:
    """The digests that a posted message's header names."""
    return {entry["digest"] for entry in payload_of(body).get("parts", ())}
