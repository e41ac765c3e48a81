"""A parser that takes bytes from outside, as a fuzzer sees it."""

from collections.abc import Callable
from dataclasses import dataclass

from hifadhi.errors import HifadhiError


@dataclass(frozen=True, slots=True)
class Target:
    """`read`: parses the bytes and asserts that what it accepts says what they say. `seeds`: inputs that it accepts.

    `at_most`: bytes of the longest input that the parser is shown where it stands.
    """

    name: str
    read: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    at_most: int = 64 * 1024

    def meet(self, raw: bytes) -> bool:
        """Whether the bytes are taken. What is not taken is told by one of our three words, or this raises."""
        try:
            self.read(raw)
        except HifadhiError:
            return False
        return True

    def meet_once(self, raw: bytes) -> None:
        """The same, as a fuzzer calls it."""
        self.meet(raw)


def text_of(raw: bytes) -> str:
    """As an HTTP server makes text of any bytes."""
    return raw.decode("utf-8", "surrogateescape")
