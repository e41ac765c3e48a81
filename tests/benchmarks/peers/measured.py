"""What was measured of one system with one payload, as figures with the ratios of ours to it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Self

from benchmarks.figure import Figure
from benchmarks.peers.pace import RATE
from benchmarks.peers.payloads import SMALL

WANTED: Final[Mapping[str, float]] = {"as4": 8.0, "phase4": 4.0}
"""How many times a peer's messages a second ours should be at 2 KB."""


@dataclass(frozen=True, slots=True)
class Saturated:
    """`per_s`: messages a second, over `seconds`. `name`: how it was done, where there are several ways."""

    per_s: float
    seconds: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Steady:
    """Milliseconds within which half, and 99 of a hundred, are done at `RATE`."""

    p50_ms: float
    p99_ms: float

    @classmethod
    def of(cls, delays_ms: Sequence[float]) -> Self:
        """Of the delays of all messages."""
        ordered = sorted(delays_ms)
        return cls(median(ordered), ordered[len(ordered) * 99 // 100])


@dataclass(frozen=True, slots=True)
class Measured:
    """`wire`: bytes of a message by leg, both directions, with the headers of HTTP."""

    system: str
    payload: str
    saturated: Sequence[Saturated]
    steady: Steady
    wire: Mapping[str, float]

    def figures(self) -> Iterator[Figure]:
        """All that is told of it, without ratios."""
        about = f"{self.system} {self.payload}"
        for one in self.saturated:
            yield Figure(f"{about}{one.name}", one.per_s, "messages/s")
            yield Figure(f"{about}{one.name}, measured for", one.seconds, "s")
        yield Figure(f"{about}, p50", self.steady.p50_ms, f"ms at {RATE:.0f}/s")
        yield Figure(f"{about}, p99", self.steady.p99_ms, f"ms at {RATE:.0f}/s")
        for leg, size in self.wire.items():
            yield Figure(f"{about}, {leg}", size, "bytes/message")
        yield Figure(f"{about}, on the wire", sum(self.wire.values()), "bytes/message")


def ratios(ours: Measured, peer: Measured) -> Iterator[Figure]:
    """Ours to a peer's, of messages a second; of the small payload beside what is wanted."""
    wanted = WANTED[peer.system] if ours.payload == SMALL else None
    for one in ours.saturated:
        times = one.per_s / peer.saturated[0].per_s
        name = f"ours to {peer.system}, {ours.payload}{one.name}"
        yield Figure(name, times, "times", *((times / wanted, f"the {wanted:.0f} wanted") if wanted else ()))
