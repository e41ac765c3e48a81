"""The only place that chooses adapters and puts the services together."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from hifadhi.diagnostics import log
from hifadhi.errors import Fault, Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.checkpoint import SigningKeys
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ML_DSA_44
from hifadhi.hub.door import Limits
from hifadhi.hub.server import Server, Service, listen, troubles
from hifadhi.referral import root as roots
from hifadhi.referral.root import Root
from hifadhi.settings import (
    ConsoleSettings,
    DeliverySettings,
    GatewaySettings,
    RegistrySettings,
    ServiceSettings,
    Settings,
    StoredSettings,
)
from hifadhi.stream.port import Stream
from hifadhi.stream.topics import topics

# A process loads the services that it runs and the adapters that it stands on, each where it is put together: a
# gateway has no database, and starts without its libraries in half the time.
if TYPE_CHECKING:
    from hifadhi.store.port import Store
    from hifadhi.stream.kafka import KafkaStream
    from hifadhi.stream.kafka_brokers import Brokers


def wall_clock_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


PATIENT_S: Final = 600.0

ALL: Final = ("registry", "delivery", "console", "gateway")
"""In the order in which they start: from the flow's end to its door."""


@dataclass(slots=True)
class Hall:
    """What every service of one process stands on. `services`: those that stand already, by name."""

    settings: ServiceSettings
    root: Root
    stream: Stream
    rows: "Store | None"
    audience: str
    clock_ms: Callable[[], int]
    services: dict[str, Service]

    @property
    def store(self) -> "Store":
        """The database, of a service that has one."""
        assert self.rows is not None  # noqa: S101 (for the type checker: only the gateway runs without)
        return self.rows


def _registry(hall: Hall) -> Service:
    from hifadhi.hub.registry.lease import Lease  # noqa: PLC0415 (see above; so are those below)
    from hifadhi.hub.registry.service import Registry  # noqa: PLC0415

    assert isinstance(hall.settings, RegistrySettings)  # noqa: S101 (for the type checker, as below)
    return Registry(
        stream=hall.stream,
        store=hall.store,
        root=hall.root,
        ledger_keys=read_ledger_keys(hall.settings, hall.root),
        audience=hall.audience,
        clock_ms=hall.clock_ms,
        # With all services in one process it is started again, not stood by for: it need not ask who was before it.
        lease=None if isinstance(hall.settings, Settings) else Lease(hall.store, hall.settings.name),
    )


def _delivery(hall: Hall) -> Service:
    from hifadhi.hub.delivery.service import Delivery  # noqa: PLC0415

    assert isinstance(hall.settings, DeliverySettings)  # noqa: S101 (as above)
    return Delivery(
        stream=hall.stream,
        store=hall.store,
        root=hall.root,
        audience=hall.audience,
        clock_ms=hall.clock_ms,
        inbox_topics=hall.settings.inbox_topics,
    )


def _console(hall: Hall) -> Service:
    from hifadhi.hub.console.neighbours import Neighbours  # noqa: PLC0415
    from hifadhi.hub.console.service import Console  # noqa: PLC0415

    elsewhere: Callable[[], Sequence[str]] = partial(troubles, hall.services)
    if isinstance(hall.settings, ConsoleSettings):
        hall.services["neighbours"] = elsewhere = Neighbours(hall.settings.watched)
    return Console(stream=hall.stream, store=hall.store, root=hall.root, clock_ms=hall.clock_ms, elsewhere=elsewhere)


def _gateway(hall: Hall) -> Service:
    from hifadhi.hub.gateway.service import Gateway  # noqa: PLC0415

    assert isinstance(hall.settings, GatewaySettings)  # noqa: S101 (as above)
    key = read_key(hall.settings.gateway_key_file)
    return Gateway(stream=hall.stream, root=hall.root, key=key, clock_ms=hall.clock_ms)


BUILD: Final[Mapping[str, Callable[[Hall], Service]]] = {
    "registry": _registry,
    "delivery": _delivery,
    "console": _console,
    "gateway": _gateway,
}


class Exchange:
    """The exchange, or the one service of it that `services` names, in this process, on the adapters of `settings`.

    `address`: where it listens, once started; `base_url`: what agencies call it.
    """

    def __init__(
        self, settings: ServiceSettings, services: Sequence[str] = ALL, *, clock_ms: Callable[[], int] = wall_clock_ms
    ) -> None:
        self._settings, self._names, self._clock_ms = settings, services, clock_ms
        self._stream: Stream | None = None
        self._store: Store | None = None
        self._server: Server | None = None
        self.base_url = self.address = settings.base_url

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Open the adapters and the port. `Unavailable`: the broker or the database is away; start again."""
        settings = self._settings
        root = read_root(settings.root_file)
        try:
            self._stream = open_stream(settings, self._clock_ms)
            self._store = open_store(settings) if isinstance(settings, StoredSettings) else None
            if self._store:
                await self._store.migrate()
            await self._stream.create(topics(partitions_of_parts(settings)))
            listening = listen(settings.host, settings.port, shared="gateway" in self._names)
            host, port = listening.getsockname()[:2]
            self.address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            self.base_url = settings.base_url or self.address
            hall = Hall(settings, root, self._stream, self._store, self.base_url, self._clock_ms, {})
            limits = Limits(settings.connections, settings.idle_s)
            self._server = Server(self._services(hall), listening, limits)
            await self._server.start()
        except BaseException:
            await self.stop()
            raise

    def _services(self, hall: Hall) -> dict[str, Service]:
        for name in self._names:
            if name == "console" and not ip_address(hall.settings.host).is_loopback:
                # It has no login yet, so it is for those who are on this machine.
                log.warning("no console: the exchange does not listen on loopback")
                continue
            hall.services[name] = BUILD[name](hall)
        return hall.services

    async def stop(self) -> None:
        """Close the door, end what runs, let go of broker, database and files."""
        server, store, stream = self._server, self._store, self._stream
        self._server = self._store = self._stream = None
        if server:
            await server.stop()
        closing = [one.close() for one in (store, stream) if one]
        for outcome in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(outcome, BaseException):
                log.warning("not closed well", kind=type(outcome).__name__)


def open_stream(settings: ServiceSettings, clock_ms: Callable[[], int] = wall_clock_ms) -> Stream:
    """The stream that the settings name. It is not asked for anything yet."""
    if not settings.stream:
        from hifadhi.stream.sqlite import SqliteStream  # noqa: PLC0415

        return SqliteStream(settings.data / "stream.sqlite", clock_ms=clock_ms)
    return _kafka(settings)


def _kafka(settings: ServiceSettings) -> "KafkaStream":
    from hifadhi.stream.kafka import KafkaStream  # noqa: PLC0415

    return KafkaStream(brokers(settings))


def brokers(settings: ServiceSettings) -> "Brokers":
    """The brokers that the settings name; there must be any."""
    from hifadhi.stream.kafka_brokers import Brokers  # noqa: PLC0415

    return Brokers(
        settings.stream.removeprefix("kafka://"),
        prefix=settings.stream_prefix,
        replication=1 if settings.single_broker else settings.replication,
        single_broker=settings.single_broker,
        user=settings.stream_user or None,
        password=settings.stream_password.get_secret_value() or None,
        ca=settings.stream_ca,
    )


async def shortcomings(settings: ServiceSettings) -> list[str]:
    """What of the broker's topics would lose records, in sentences; nothing of the embedded stream."""
    if not settings.stream:
        return []
    stream = _kafka(settings)
    try:
        return await stream.shortcomings()
    finally:
        await stream.close()


def partitions_of_parts(settings: ServiceSettings) -> int:
    """One in the embedded stream, which has one file for all."""
    return settings.parts_partitions if settings.stream else 1


def open_store(settings: StoredSettings, *, patient: bool = False) -> "Store":
    """The database that the settings name. It is not asked for anything yet. `patient`: statements may take minutes."""
    url = settings.store.get_secret_value()
    if not url:
        from hifadhi.store.sqlite import SqliteStore  # noqa: PLC0415

        return SqliteStore(settings.data / "store.sqlite")
    from hifadhi.store.postgres import PostgresStore  # noqa: PLC0415

    return PostgresStore(url, answer_s=PATIENT_S) if patient else PostgresStore(url)


def read_ledger_keys(settings: RegistrySettings, root: Root) -> SigningKeys:
    """The keys that sign checkpoints: one of each kind that the root lists, or nobody would take them for signed."""
    first = read_key(settings.ledger_key_file).key
    if not isinstance(first, Ed25519PrivateKey):
        raise Refused(Fault("SCHEMA", "", "checkpoints are signed with an Ed25519 key"))
    if all(jwk.kind != ML_DSA_44 for jwk in root.ledger_keys):
        return (first,)
    second = read_key(settings.ledger_pq_key_file).key
    if not isinstance(second, MLDSA44PrivateKey):
        raise Refused(Fault("SCHEMA", "", f"{settings.ledger_pq_key_file.name} must hold a key for ML-DSA-44"))
    return first, second


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
