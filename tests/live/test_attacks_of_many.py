"""Ten thousand connections that the other side never closes: the door keeps as many as it may, and serves on."""

import asyncio
import resource
import socket
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import pytest

from contract.processes import until
from hifadhi.hub import door
from kafka_cluster import KafkaCluster
from live.raw_http import request
from live.under_attack import Attacked, Limits, attacked, attacked_gateway
from postgres_server import PostgresServer
from servers import needed

HELD: Final = 10_000
WAVE: Final = 250
"""At once, and so few that the system keeps them for a server that is busy: one too many would never be let in."""
OTHER_FILES: Final = 1000
INSTALLED: Final = Limits(growth_mb=20, connections=door.Limits().connections)
"""As an exchange has it that is told nothing. 11 MB was measured, of a gateway alone 9; the last 8,000 add 1 MB."""
HONEST: Final = 10
"""Connections of the honest agency, its old ones among them, and of who asks how the services are."""


@pytest.fixture(autouse=True)
def _many_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = HELD + OTHER_FILES
    first, last = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    if hard != resource.RLIM_INFINITY and hard < wanted:
        needed(f"{HELD} connections take {wanted} open files, and the system allows {hard}")
    if last - first < wanted:
        needed(f"{HELD} connections take {wanted} ports, and the system has {last - first}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Crowd:
    """Connections that this side keeps, whatever the other does with them, until the block is left."""

    def __init__(self, one: Attacked) -> None:
        self._one, self._limit = one, one.limits.connections
        self.held: list[socket.socket] = []
        self._open: set[socket.socket] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, _k: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        for one in self.held:
            one.close()

    async def grow(self, count: int) -> None:
        """So many more at once: every other one says half a good request, the others nothing."""
        await asyncio.gather(*(self._opened(says=number % 2 == 1) for number in range(count)))
        try:
            await until(self._let_in)
        except TimeoutError:
            kept, limit = self._one.process.sockets(), self._limit
            raise AssertionError(f"of {limit} connections the door keeps {kept}, {self.open} are open here") from None

    async def _let_in(self) -> bool:
        """The last of them has been: somebody gave way for it, or there was room."""
        return self.open <= self._limit and self._one.process.sockets() >= min(len(self.held), self._limit)

    async def _opened(self, *, says: bool) -> None:
        loop, made = asyncio.get_running_loop(), socket.socket()
        self.held.append(made)
        self._open.add(made)
        made.settimeout(0.0)
        await loop.sock_connect(made, self._one.address)
        if says:
            raw = request(self._one.withheld.one())
            # It fits the system's buffer, so that nobody waits; or the connection gave way already.
            await loop.sock_sendall(made, raw[: len(raw) // 2])

    @property
    def open(self) -> int:
        """Those that the other side has not closed."""
        self._open = set(filter(is_open, self._open))
        return len(self._open)


def is_open(one: socket.socket) -> bool:
    """Nothing has come; an end, or an answer, would have."""
    try:
        one.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except ConnectionError:
        return False
    return False


async def held_against(one: Attacked) -> None:
    """The door ends as full as it may be, of those who came last, and the honest agency is served beside them."""
    limit = one.limits.connections
    async with Crowd(one) as crowd:
        while len(crowd.held) < HELD:
            await crowd.grow(WAVE)
        await one.served()
        assert len(crowd.held) == HELD
        assert limit - HONEST <= crowd.open <= limit
        assert all(map(is_open, crowd.held[HONEST - limit :]))


@pytest.mark.timeout(300)
async def test_ten_thousand_connections_that_the_other_side_never_closes(tmp_path: Path) -> None:
    async with attacked(tmp_path, INSTALLED) as one:
        await held_against(one)


@pytest.mark.timeout(300)
async def test_ten_thousand_connections_to_a_gateway_alone(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    async with attacked_gateway(tmp_path, INSTALLED, kafka, postgres) as one:
        await held_against(one)
