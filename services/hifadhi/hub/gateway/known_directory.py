"""The directory as the gateway knows it: a fold of the topic `directory`, every statement checked again.

1. Each record names the one before it: a statement left out is noticed.
2. Each is signed as the directory before it demands: the registry is not believed either.
3. Each fits the directory before it: no rotation is left out, no key is admitted twice.
"""

import asyncio
import time
from collections.abc import Sequence

from hifadhi.errors import HifadhiError, Refused, Tampered, Unavailable
from hifadhi.evidence import leaf as leaves
from hifadhi.evidence.jws import MESSAGE, read_envelope
from hifadhi.referral import admission, directory_changes, message
from hifadhi.referral.directory import Directory
from hifadhi.referral.root import Root
from hifadhi.stream.port import Record, Stream
from hifadhi.stream.topics import DIRECTORY

REFRESH_EVERY_S = 1.0
FOLLOW_S = 5.0


class KnownDirectory:
    """`current`, kept up by `follow`; `refresh` reads to the end now, at most once a second, whoever asks."""

    def __init__(self, stream: Stream, root: Root) -> None:
        self._stream = stream
        self.current = Directory.of(root)
        self._position, self._last = 0, -1
        self._looked = float("-inf")
        self._trouble: HifadhiError | None = None
        self._lock = asyncio.Lock()

    async def refresh(self, asked: float | None = None) -> None:
        """Know at least what the topic held at `asked`, by `time.monotonic()`; now, if it is not given.

        Who comes too soon after another waits for the next second; who asked before a look shares its outcome.
        """
        asked = time.monotonic() if asked is None else asked
        async with self._lock:
            if self._looked <= asked:
                await asyncio.sleep(max(0.0, self._looked + REFRESH_EVERY_S - time.monotonic()))
                await self._look()
            elif self._trouble:
                raise self._trouble

    async def _look(self) -> None:
        self._looked = time.monotonic()
        self._trouble = Unavailable("the directory has not been read to its end")  # so it stays, if this is cancelled
        try:
            while records := await self._stream.read(DIRECTORY, self._position):
                self._take_all(records)
        except HifadhiError as error:
            self._trouble = error
            raise
        self._trouble = None

    async def follow(self) -> None:
        """Wait for the next statements and take them."""
        self._take_all(await self._stream.read(DIRECTORY, self._position, wait_s=FOLLOW_S))

    def _take_all(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.position >= self._position:  # `refresh` and `follow` may have read the same
                self._take(record)
                self._position = record.position + 1

    def _take(self, record: Record) -> None:
        headers = dict(record.headers)
        index = int(headers["index"])
        if index <= self._last:  # published twice after a crash
            return
        if int(headers["previous"]) != self._last:  # rule 1
            raise Tampered("a statement is missing from the topic 'directory'", index=index)
        self.current = _after(self.current, record.value or b"", index)
        self._last = index


def _after(directory: Directory, raw: bytes, index: int) -> Directory:
    try:
        envelope = read_envelope(leaves.parse(raw).envelope, typ=MESSAGE)
        header = message.parse(envelope.payload)
        admission.check_signatures(envelope, header, directory)  # rule 2
        admission.check_keys(envelope, header, directory)
        admission.check_standing(header, directory)
        code = directory_changes.objection(directory, header)
    except Refused as refusal:
        raise Tampered(f"the directory holds a statement that is not valid: {refusal.code}", index=index) from refusal
    if code:  # rule 3
        raise Tampered(f"the directory holds a statement that does not fit it: {code}", index=index)
    return directory_changes.evolve(directory, header)
