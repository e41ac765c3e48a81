"""Server-sent events (WHATWG HTML, 9.2): a page is told that it is old, and fetches itself again.

1. A notice's id is the page's new revision. A browser that returns says the last id it has; without one, the revision
   that its page was made of. It is told at once if that is no longer so, and nothing if it is.
2. Only the newest matters: what changes while a browser reads is one notice.
3. A beat, when nothing else was said for a while, lets a browser see that the link holds.
4. Whoever leaves notices unread is dropped, and everybody at the service's end; browsers return by themselves.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from socket import SO_SNDBUF, SOL_SOCKET
from typing import Final

from aiohttp import web

from hifadhi.errors import HifadhiError
from hifadhi.hub.console.listeners import Listeners

Revision = Callable[[], Awaitable[str]]

RETURN_MS: Final = 1000
UNREAD_BYTES: Final = 4096
"""So much may lie unread in this process, and a little more in the system's buffer."""
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. `gap`: between two notices at least. `look`: a change that nobody rang for is seen after so long.

    `beat`: between two signs of life at most. `whole`: a stream ends after so long, whoever holds it.
    """

    gap_s: float = 0.25
    look_s: float = 1.0
    beat_s: float = 15.0
    whole_s: float = 900.0


async def answer(request: web.Request, listeners: Listeners, revision: Revision, pace: Pace) -> web.StreamResponse:
    """The stream of one page. `revision` is what the page would be made of now; it may refuse before the first word."""
    known = request.headers.get("Last-Event-ID") or request.query.get("since", "")
    with listeners.place() as bell:
        now = await revision()
        response = web.StreamResponse(headers=_HEADERS)
        response.content_type = "text/event-stream"
        await response.prepare(request)
        stream = EventStream(request.transport, response, pace)
        # It left, or the rows cannot be read at present: it returns, and hears it then.
        with suppress(ConnectionResetError, HifadhiError):
            await stream.begin()
            while not listeners.closed and stream.there:
                known = await stream.tell(known, now)
                await _rung(bell, pace.look_s)
                now = await revision()
    return response


class EventStream:
    """What goes to one browser."""

    def __init__(self, transport: asyncio.Transport | None, response: web.StreamResponse, pace: Pace) -> None:
        self._transport, self._response, self._pace = transport, response, pace
        self._began_s = self._said_s = _now_s()

    @property
    def there(self) -> bool:
        """Whether the browser is there, reads, and has not been here for long."""
        link = self._transport
        reads = link is not None and not link.is_closing() and link.get_write_buffer_size() <= UNREAD_BYTES  # rule 4
        return reads and _now_s() - self._began_s < self._pace.whole_s

    async def begin(self) -> None:
        """Say when to return after a lost link, and keep the system from holding much for whoever does not read."""
        connection = self._transport and self._transport.get_extra_info("socket")
        if connection:
            connection.setsockopt(SOL_SOCKET, SO_SNDBUF, UNREAD_BYTES)
        await self._say(f"retry: {RETURN_MS}\n\n")

    async def tell(self, known: str, now: str) -> str:
        """Tell the revision if it is not the known one, else now and then a beat; what is known then."""
        if now != known:
            await self._say(f"event: changed\nid: {now}\ndata:\n\n")
            await asyncio.sleep(self._pace.gap_s)  # rule 2
        elif _now_s() - self._said_s >= self._pace.beat_s:
            await self._say("event: beat\ndata:\n\n")  # rule 3
        return now

    async def _say(self, words: str) -> None:
        await self._response.write(words.encode())
        self._said_s = _now_s()


async def _rung(bell: asyncio.Event, within_s: float) -> None:
    try:
        async with asyncio.timeout(within_s):
            await bell.wait()
    except TimeoutError:
        return
    finally:
        bell.clear()  # before the rows are read: what comes after is heard again


def _now_s() -> float:
    return asyncio.get_running_loop().time()
