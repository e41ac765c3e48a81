"""A flood, simulated: gateways that look now and then, one registry that rules in batches, at rates that change."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil
from typing import Final

from hifadhi.hub.gateway.forecast import Forecast, Look

TICK_S: Final = 0.05
BATCH: Final = 500
BATCH_COSTS_S: Final = 0.02


@dataclass
class Registry:
    """`rate`: rulings a second, by the time. `queue`: when each submission was stored."""

    rate: Callable[[float], float]
    queue: deque[float] = field(default_factory=deque)
    position: int = 0
    batch: int = 0
    work_left: float = 0.0
    worst_s: float = 0.0

    def tick(self, now_s: float) -> None:
        """Work for a tick; a batch that is done is told at once."""
        self.work_left -= TICK_S * self.rate(now_s)
        while self.work_left <= 0 and (self.batch or self.queue):
            for _ in range(self.batch):
                self.worst_s = max(self.worst_s, now_s - self.queue.popleft())
            self.position += self.batch
            self.batch = min(BATCH, len(self.queue))
            self.work_left += self.batch + BATCH_COSTS_S * self.rate(now_s)
        self.work_left = max(self.work_left, 0.0) if not self.batch else self.work_left

    def oldest_s(self, now_s: float) -> float:
        return now_s - self.queue[0] if self.queue else 0.0


@dataclass
class Gateway:
    """Takes as many as it may of `posts` a tick; what it took is stored `stores` ticks later.

    `every`, `lasts`: ticks from look to look, and from what a look sees to when it is known.
    """

    forecast: Forecast
    posts: int
    every: int
    lasts: int
    stores: int
    phase: int
    taken: int = 0
    refused: int = 0
    looks: deque[tuple[int, Look, int]] = field(default_factory=deque)
    under_way: deque[tuple[int, int]] = field(default_factory=deque)

    def tick(self, tick: int, registry: Registry) -> None:
        now_s = tick * TICK_S
        while self.under_way and self.under_way[0][0] <= tick:
            _, count = self.under_way.popleft()
            registry.queue.extend([now_s] * count)
            self.forecast.settle(count)
        if (tick + self.phase) % self.every == 0:
            look = Look(now_s, registry.position, len(registry.queue), registry.oldest_s(now_s))
            self.looks.append((tick + self.lasts, look, self.forecast.stored))
        while self.looks and self.looks[0][0] <= tick:
            self.forecast.observe(*self.looks.popleft()[1:])
        self._post(tick)

    def _post(self, tick: int) -> None:
        count = 0
        while count < self.posts and self.forecast.allows(tick * TICK_S):
            self.forecast.take()
            count += 1
        self.taken, self.refused = self.taken + count, self.refused + self.posts - count
        self.under_way.append((tick + self.stores, count))


def flooded(registry: Registry, gateways: list[Gateway], seconds: float, and_then_s: float = 0.0) -> None:
    """Post for so long, then let the registry work for so long."""
    for tick in range(ceil((seconds + and_then_s) / TICK_S)):
        for gateway in gateways:
            gateway.posts = gateway.posts if tick * TICK_S < seconds else 0
            gateway.tick(tick, registry)
        registry.tick(tick * TICK_S)
