"""The exchange and the agencies of a demo, in one folder that is made anew."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from hifadhi.agency import governance
from hifadhi.agency.client import Client
from hifadhi.agency.directory_office import DirectoryOffice
from hifadhi.agency.enrolment import Enrolment, new_agency
from hifadhi.agency.governance import Governance
from hifadhi.referral.root import Root
from hifadhi.settings import Settings
from hifadhi.wiring import Exchange

ORIGIN: Final = "demo.example/hifadhi"
AUDITOR: Final = "UNHCR-RO"
# id, name, country, roles, offset
AGENCIES: Final = (
    ("MZ-INAR", "Instituto Nacional de Apoio aos Refugiados", "MOZ", ("state", "focal"), "+02:00"),
    ("ZA-DHA", "Department of Home Affairs", "ZAF", ("state", "focal"), "+02:00"),
    ("ZA-DSD", "Department of Social Development", "ZAF", ("state",), "+02:00"),
    ("TZ-RSD", "Refugee Services Department", "TZA", ("state", "focal"), "+03:00"),
    (AUDITOR, "UNHCR, regional office", "ZAF", ("observer", "detection", "statistics", "auditor"), "+02:00"),
)


Run: TypeAlias = "Callable[[Path], AbstractAsyncContextManager[Running]]"
"""Runs an exchange on the data folder that it is given."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything a scenario needs. `clients` by agency."""

    folder: Path
    root: Root
    base_url: str
    clients: dict[str, Client]

    def home(self, agency: str) -> Path:
        """The folder of an agency's keys."""
        return self.folder / "agencies" / agency


class Running(Protocol):
    """An exchange that answers."""

    base_url: str


@asynccontextmanager
async def embedded(data: Path, port: int, tell: Callable[[str], None]) -> AsyncIterator[Running]:
    """The exchange in this process, on the embedded adapters."""
    settings = Settings(data=data, host="127.0.0.1", port=port, base_url="", log_level="WARNING")
    async with Exchange(settings) as exchange:
        tell(f"The exchange runs at {exchange.base_url}: gateway, registry, delivery and console in one process.")
        yield exchange


@asynccontextmanager
async def stage(folder: Path, run: Run, tell: Callable[[str], None]) -> AsyncIterator[Stage]:
    """A founded exchange that `run` has running, with every agency admitted and its client open."""
    data = folder / "exchange"
    root = governance.init(data, origin=ORIGIN)
    tell(f"Founded {ORIGIN}: 2 of 3 governance keys sign who may take part. root.json is handed out once.")
    async with run(data) as exchange, AsyncExitStack() as stack:
        made = Stage(folder, root, exchange.base_url, {})
        await _admit(made, Governance.load(data))
        tell("Admitted, each with keys of its own: " + ", ".join(name for name, *_ in AGENCIES) + ".")
        for name, *_ in AGENCIES:
            made.clients[name] = await stack.enter_async_context(Client(made.home(name), root, exchange.base_url))
        yield made


async def _admit(made: Stage, office: Governance) -> None:
    async with DirectoryOffice(made.root, made.base_url) as directory:
        for name, title, country, roles, offset in AGENCIES:
            home = made.home(name)
            new_agency(home, name, name=title, country=country, roles=roles, utc_offset=offset)
            await directory.admit(Enrolment.parse((home / "request.json").read_bytes()), office)
