"""The content codings that a body may come in (RFC 9110 §8.4), unpacked no further than somebody reads.

Here and not in the HTTP server: that unpacks on to the end what was refused long ago, and a megabyte holds a gigabyte.
"""

import zlib
from collections.abc import Iterator
from typing import Final

from hifadhi.errors import Fault, Refused

PIECE: Final = 64 * 1024
# As zlib wants to be told which container it is.
_CONTAINERS: Final = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


class Plain:
    """A body as it is."""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The bytes."""
        yield piece

    def end(self) -> None:
        """All has come."""


class Packed:
    """One compressed stream and nothing behind it. `Refused`: BAD_ENCODING."""

    def __init__(self, container: int) -> None:
        self._stream = zlib.decompressobj(container)

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What is in it, in pieces of at most 64 KiB."""
        while piece:
            if self._stream.eof:
                raise _bad()
            try:
                yield self._stream.decompress(piece, PIECE)
            except zlib.error:
                raise _bad() from None
            piece = self._stream.unconsumed_tail or self._stream.unused_data

    def end(self) -> None:
        """All has come."""
        if not self._stream.eof:
            raise _bad()


def unpacker(coding: str) -> Plain | Packed:
    """What undoes the coding that a header names; `Refused`: MEDIA_TYPE."""
    name = coding.strip().lower()
    if name in {"", "identity"}:
        return Plain()
    if name not in _CONTAINERS:
        raise Refused(Fault("MEDIA_TYPE", "", "the body's coding is gzip, deflate, or none"))
    return Packed(_CONTAINERS[name])


def _bad() -> Refused:
    return Refused(Fault("BAD_ENCODING", "", "the body is not what its 'Content-Encoding' says"))
