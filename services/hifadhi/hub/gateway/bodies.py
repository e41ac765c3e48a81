"""Bodies on their way in: each bounded in size and time, all together in memory."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from hifadhi.errors import Fault, Refused, Unavailable
from hifadhi.hub.gateway import coding
from hifadhi.hub.gateway.coding import Packed, Plain

DEADLINE_S: Final = 30.0
FREE: Final = 64 * 1024
"""Of each body, whatever others hold: an ordinary message comes through while large ones are held up."""
MOST: Final = 128 << 20


@dataclass(slots=True)
class Body:
    """What has come so far."""

    pieces: list[bytes] = field(default_factory=list)
    size: int = 0

    def bytes(self) -> bytes:
        """All of it."""
        return b"".join(self.pieces)


class Bodies:
    """`held`: bytes of bodies beyond their free part, until they are answered; at most `most`."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self.held = most, 0

    @contextmanager
    def one(self) -> Iterator[Body]:
        """A body, which holds its room until the block ends."""
        body = Body()
        try:
            yield body
        finally:
            self.held -= _beyond(body.size)

    async def read(self, request: web.Request, body: Body, at_most: int) -> None:
        """Take it in. `Refused`: TOO_LARGE once unpacked, BAD_ENCODING, TIMEOUT. `Unavailable`: too much is held."""
        unpacker = coding.unpacker(request.headers.get("Content-Encoding", ""))
        try:
            if request.content.is_eof():  # it came with the header: there is nothing to wait for
                self._unpack(body, unpacker, request.content.read_nowait(), at_most)
            else:
                async with asyncio.timeout(DEADLINE_S):
                    async for packed in request.content.iter_chunked(coding.PIECE):
                        self._unpack(body, unpacker, packed, at_most)
            unpacker.end()
        except (web.RequestPayloadError, ConnectionError):  # the latter is told to nobody: the sender has gone
            raise Refused(
                Fault("BAD_ENCODING", "", "the body's chunks or its length are not as HTTP has them")
            ) from None
        except TimeoutError:
            raise Refused(Fault("TIMEOUT", "", f"the body did not come within {DEADLINE_S:.0f} s")) from None

    def _unpack(self, body: Body, unpacker: Plain | Packed, packed: bytes, at_most: int) -> None:
        for piece in unpacker.feed(packed):
            self.take(body, piece, at_most)

    def take(self, body: Body, piece: bytes, at_most: int) -> None:
        """One piece more. Refused and unavailable as by `read`."""
        more = _beyond(body.size + len(piece)) - _beyond(body.size)
        if more and self.held + more > self._most:
            raise Unavailable("other bodies are under way; send this one again", code="OVERLOADED", retry_after_s=2)
        self.held += more
        body.pieces.append(piece)
        body.size += len(piece)
        if body.size > at_most:
            raise Refused(Fault("TOO_LARGE", "", f"at most {at_most} bytes; send fewer at once"))


def _beyond(size: int) -> int:
    return max(0, size - FREE)
