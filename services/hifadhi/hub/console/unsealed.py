"""How long the oldest submission waits for its leaf, by the stream's own time."""

from dataclasses import dataclass

from hifadhi.errors import HifadhiError, Tampered
from hifadhi.evidence import strict_json
from hifadhi.stream.port import Stream
from hifadhi.stream.topics import PROGRESS, SUBMISSIONS


@dataclass(frozen=True, slots=True)
class Unsealed:
    """`since_ms`: when the oldest waiting submission was stored; None if none waits. `size`: leaves that are ruled."""

    position: int
    size: int
    since_ms: int | None


async def unsealed(stream: Stream) -> Unsealed | None:
    """As of now; None if the stream does not say."""
    try:
        position, size = await _ruled(stream)
        waiting = await stream.read(SUBMISSIONS, position, limit=1)
    except HifadhiError:
        return None
    return Unsealed(position, size, waiting[0].time_ms if waiting else None)


async def _ruled(stream: Stream) -> tuple[int, int]:
    """How far the registry is: its next position in `submissions`, and the leaves up to there."""
    end = await stream.end(PROGRESS)
    newest = await stream.read(PROGRESS, end - 1, limit=1) if end else []
    if not newest:
        return 0, 0
    said = strict_json.parse(newest[-1].value or b"")
    try:
        return int(said["position"]), int(said["size"])
    except (TypeError, KeyError, ValueError):
        raise Tampered("the registry's progress cannot be read") from None
