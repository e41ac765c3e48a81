"""The operator's commands: all services in one process, each as its own, and what is done to them now and then.

A service waits for its broker and its database, however long they are away, and ends on SIGTERM or Ctrl-C within ten
seconds, whatever hangs. Exit codes: 0 ended; 1 refused (settings, keys, port); 3 unavailable; 4 tampered.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Final, Literal

import uvloop
from cyclopts import Parameter

from hifadhi import crash_point, diagnostics, garbage
from hifadhi.diagnostics import log
from hifadhi.errors import Unavailable
from hifadhi.settings import (
    ConsoleSettings,
    DeliverySettings,
    GatewaySettings,
    RegistrySettings,
    ServiceSettings,
    Settings,
    read,
)
from hifadhi.wiring import ALL, Exchange, open_store

KINDS: Final[dict[str, type[ServiceSettings]]] = {
    "gateway": GatewaySettings,
    "registry": RegistrySettings,
    "delivery": DeliverySettings,
    "console": ConsoleSettings,
    "up": Settings,
}
FORCED_S: Final = 9.5
"""After this time the process ends, finished or not: a crash at any line loses nothing."""


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class Given:
    """What may be said on the command line; all else in the environment or the file of settings."""

    data: Annotated[Path | None, Parameter(help="Folder of root.json, keys and databases [HIFADHI_DATA].")] = None
    host: Annotated[str | None, Parameter(help="IP address to listen on [HIFADHI_HOST].")] = None
    port: Annotated[int | None, Parameter(help="TCP port; 0 takes a free one [HIFADHI_PORT].")] = None
    base_url: Annotated[str | None, Parameter(help="What agencies call the exchange [HIFADHI_BASE_URL].")] = None


SettingsFile = Annotated[Path | None, Parameter(help="File of lines HIFADHI_…=value [HIFADHI_SETTINGS].")]
NOTHING: Final = Given()


def up(given: Given = NOTHING, *, settings: SettingsFile = None) -> int:
    """Run the whole exchange in one process, on one port, in one data folder that survives kill -9."""
    return _serve("up", ALL, given, settings)


def gateway(given: Given = NOTHING, *, settings: SettingsFile = None) -> int:
    """Run a gateway: it takes messages in. Several may share one port."""
    return _serve("gateway", ("gateway",), given, settings)


def registry(given: Given = NOTHING, *, settings: SettingsFile = None) -> int:
    """Run the registry: it rules and seals. A second one on the same database stands by."""
    return _serve("registry", ("registry",), given, settings)


def delivery(given: Given = NOTHING, *, settings: SettingsFile = None) -> int:
    """Run delivery: it fills the agencies' inboxes."""
    return _serve("delivery", ("delivery",), given, settings)


def console(given: Given = NOTHING, *, settings: SettingsFile = None) -> int:
    """Run the console: the operators' pages, on loopback."""
    return _serve("console", ("console",), given, settings)


def rebuild(service: Literal["delivery", "console"], *, settings: SettingsFile = None) -> int:
    """Empty the rows of a service that its topics can give again; running or not, it then begins at index 0.

    What agencies have fetched stays noted. Inboxes fill again in the ledger's order, as they were.
    """
    asyncio.run(_rebuilt(service, read(DeliverySettings, {}, settings)))
    return 0


def check_config(
    service: Literal["gateway", "registry", "delivery", "console", "up"], *, settings: SettingsFile = None
) -> int:
    """Say what a service would run with, ask broker and database, and refuse what would lose records."""
    from hifadhi.check_config import check  # noqa: PLC0415 (it is needed by nothing else)

    asyncio.run(check(read(KINDS[service], {}, settings)))
    return 0


def grant(agency: str, *, password_file: Path, settings: SettingsFile = None) -> int:
    """Let an agency read its own inbox's topic on the broker, and nothing else.

    Its password is what the file holds; if there is no file, one is made with a new password, for its owner's eyes
    only. To change a password, name another file.
    """
    from hifadhi import grant as granting  # noqa: PLC0415 (it is needed by nothing else)

    granting.grant(read(DeliverySettings, {}, settings), agency, password_file)
    return 0


def revoke(agency: str, *, settings: SettingsFile = None) -> int:
    """Take away what `grant` gave: the agency's password, and all that it may do on the broker.

    A connection that is open reads no more either. Over HTTP it is let in as before: its keys are governance's matter.
    """
    from hifadhi import grant as granting  # noqa: PLC0415 (as above)

    granting.revoke(read(DeliverySettings, {}, settings), agency)
    return 0


async def _rebuilt(service: str, settings: DeliverySettings) -> None:
    from hifadhi.hub.console import progress as console_progress  # noqa: PLC0415 (it is needed by nothing else)
    from hifadhi.hub.delivery import progress as delivery_progress  # noqa: PLC0415 (as above)

    start_again = {"delivery": delivery_progress.start_again, "console": console_progress.start_again}[service]
    store = open_store(settings, patient=True)
    try:
        await store.migrate()
        await start_again(store)
    finally:
        await store.close()


def _serve(kind: str, services: Sequence[str], given: Given, file: Path | None) -> int:
    settings = read(KINDS[kind], asdict(given), file)
    diagnostics.configure(settings.log_level)
    crash_point.arm(os.environ)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_signal(Exchange(settings, services)))
    return 0


async def _until_signal(exchange: Exchange) -> None:
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, _end, ended)
    running = asyncio.create_task(_started(exchange))
    waiting = asyncio.create_task(ended.wait())
    await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        await running
        await waiting
    running.cancel()
    await asyncio.wait([running])
    await exchange.stop()


async def _started(exchange: Exchange) -> None:
    """As soon as broker and database are there."""
    while True:
        try:
            await exchange.start()
        except Unavailable as error:
            log.warning("not started yet", why=str(error))
            await asyncio.sleep(error.retry_after_s)
        else:
            garbage.settle()
            sys.stdout.write(f"{exchange.address}\n")
            sys.stdout.flush()
            return


def _end(ended: asyncio.Event) -> None:
    """End in order; whatever hangs on a broker or a database that does not answer ends with the process."""
    ended.set()
    forced = threading.Timer(FORCED_S, os._exit, [0])
    forced.daemon = True
    forced.start()
