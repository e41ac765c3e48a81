"""The only place that chooses adapters and puts the services together."""

import time
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hifadhi.diagnostics import log
from hifadhi.errors import Fault, Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.hub.console.service import Console
from hifadhi.hub.delivery.service import Delivery
from hifadhi.hub.gateway.service import Gateway
from hifadhi.hub.registry.service import Registry
from hifadhi.hub.server import Server, Service, listen
from hifadhi.referral import root as roots
from hifadhi.referral.root import Root
from hifadhi.settings import Settings
from hifadhi.store.sqlite import SqliteStore
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.stream.topics import topics


def wall_clock_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


class Exchange:
    """All services in one process on the embedded adapters, in one data folder that survives kill -9."""

    def __init__(self, settings: Settings, *, clock_ms: Callable[[], int] = wall_clock_ms) -> None:
        self._settings, self._clock_ms = settings, clock_ms
        self._stream: SqliteStream | None = None
        self._store: SqliteStore | None = None
        self._server: Server | None = None
        self.base_url = settings.base_url

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the data folder and the port."""
        settings = self._settings
        root = read_root(settings.root_file)
        self._stream = SqliteStream(settings.data / "stream.sqlite", clock_ms=self._clock_ms)
        self._store = SqliteStore(settings.data / "store.sqlite")
        try:
            await self._store.migrate()
            await self._stream.create(topics(1))
            listening = listen(settings.host, settings.port)
            self.base_url = settings.base_url or f"http://{settings.host}:{listening.getsockname()[1]}"
            services, ready = self._services(root, self._stream, self._store)
            self._server = Server(services, listening, ready=ready)
            await self._server.start()
        except BaseException:
            await self.stop()
            raise

    def _services(
        self, root: Root, stream: SqliteStream, store: SqliteStore
    ) -> tuple[list[Service], Callable[[], bool]]:
        settings, clock_ms, audience = self._settings, self._clock_ms, self.base_url
        ledger = _ed25519(read_key(settings.ledger_key_file))
        registry = Registry(
            stream=stream, store=store, root=root, ledger_key=ledger, audience=audience, clock_ms=clock_ms
        )
        delivery = Delivery(stream=stream, store=store, root=root, audience=audience, clock_ms=clock_ms)
        gateway = Gateway(stream=stream, root=root, key=read_key(settings.gateway_key_file), clock_ms=clock_ms)
        services: list[Service] = [registry, delivery, gateway]
        if ip_address(settings.host).is_loopback:
            told = partial(_troubles, registry, delivery)
            services.insert(2, Console(stream=stream, store=store, root=root, clock_ms=clock_ms, elsewhere=told))
        else:  # it has no login yet, so it is for those who are on this machine
            log.warning("no console: the exchange does not listen on loopback")
        return services, lambda: not _troubles(registry, delivery)

    async def stop(self) -> None:
        """Close the door, end what runs, let go of the files."""
        if self._server:
            await self._server.stop()
        if self._store:
            await self._store.close()
        if self._stream:
            await self._stream.close()
        self._server = self._store = self._stream = None


def _troubles(registry: Registry, delivery: Delivery) -> list[str]:
    stopped = [] if registry.healthy else ["The registry has stopped; see the diagnostics."]
    return [*stopped, *([f"Delivery stands still: {delivery.trouble}."] if delivery.trouble else [])]


def _ed25519(key: PrivateJwk) -> Ed25519PrivateKey:
    if not isinstance(key.key, Ed25519PrivateKey):
        raise Refused(Fault("SCHEMA", "", "checkpoints are signed with an Ed25519 key"))
    return key.key


def read_root(path: Path) -> Root:
    """The root of trust in a file; `Refused` if it is not there or not one."""
    return roots.parse(_read(path, "run 'hifadhi directory init' first, or name the right folder"))


def read_key(path: Path) -> PrivateJwk:
    """A private key in a file."""
    return PrivateJwk.parse(strict_json.parse(_read(path, "the hub's key files stand beside root.json")))


def _read(path: Path, mend: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(Fault("NOT_FOUND", str(path), f"cannot be read ({error.strerror}); {mend}")) from None
