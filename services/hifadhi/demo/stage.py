"""The exchange and the agencies of a demo, in one folder that is made anew."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias

from hifadhi.agency.client import Client
from hifadhi.agency.directory import governance
from hifadhi.agency.directory.directory_office import DirectoryOffice
from hifadhi.agency.directory.enrolment import Enrolment, new_agency
from hifadhi.agency.directory.governance import Governance
from hifadhi.evidence.key_kinds import ED25519, ES256, HPKE_9_KE, P256, X25519
from hifadhi.referral import instant
from hifadhi.referral.root import Root
from hifadhi.settings import Settings
from hifadhi.wiring import Exchange, wall_clock_ms

ORIGIN: Final = "demo.example/hifadhi"
AUDITOR: Final = "UNHCR-RO"
Player: TypeAlias = tuple[str, str, str, tuple[str, ...], str]
"""Id, name, country, roles, offset."""

AGENCIES: Final[tuple[Player, ...]] = (
    ("MZ-INAR", "Instituto Nacional de Apoio aos Refugiados", "MOZ", ("state", "focal"), "+02:00"),
    ("ZA-DHA", "Department of Home Affairs", "ZAF", ("state", "focal"), "+02:00"),
    ("ZA-DSD", "Department of Social Development", "ZAF", ("state",), "+02:00"),
    ("TZ-RSD", "Refugee Services Department", "TZA", ("state", "focal"), "+03:00"),
    ("TZ-ISD", "Immigration Services Department", "TZA", ("state",), "+03:00"),
    ("MZ-SENAMI", "Serviço Nacional de Migração", "MOZ", ("state",), "+02:00"),
    ("MW-DOR", "Department of Refugees", "MWI", ("state", "focal"), "+02:00"),
    ("ZW-DSW", "Department of Social Welfare", "ZWE", ("state", "focal"), "+02:00"),
    ("ZM-COR", "Commissioner for Refugees", "ZMB", ("state", "focal"), "+02:00"),
    ("KE-DRS", "Department of Refugee Services", "KEN", ("state", "focal"), "+03:00"),
    (AUDITOR, "UNHCR, regional office", "ZAF", ("observer", "detection", "statistics", "auditor"), "+02:00"),
)
# What these sign with and are sealed to; the others have the kinds that an agency has unless it asks for others.
KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "ZA-DHA": (ES256, HPKE_9_KE),
    "ZA-DSD": (ED25519, X25519),
    "TZ-RSD": (ES256, P256),
    "MW-DOR": (ED25519, HPKE_9_KE),
    "ZM-COR": (ES256, HPKE_9_KE),
}


Run: TypeAlias = "Callable[[Path], AbstractAsyncContextManager[Running]]"
"""Runs an exchange on the data folder that it is given."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything a scenario needs. `clients` by agency. `clock` moves the exchange's time, where that can be moved."""

    folder: Path
    root: Root
    base_url: str
    clients: dict[str, Client]
    clock: "Clock"

    def home(self, agency: str) -> Path:
        """The folder of an agency's keys."""
        return self.folder / "agencies" / agency


class Clock:
    """The time of a demo's exchange: the wall's, until a scenario that lasts for weeks moves it on.

    Of processes that each have a clock of their own, `deploy/local/moved_clock.py` moves all.
    """

    def __init__(self) -> None:
        self._ahead_ms = 0

    def __call__(self) -> int:
        """Milliseconds since 1970, UTC."""
        return wall_clock_ms() + self._ahead_ms

    def seconds(self) -> float:
        """The same in seconds, as tokens count."""
        return self() / 1000

    def wait(self, **time: float) -> None:
        """So much time passes, in the words of `timedelta`."""
        self._move(self._ahead_ms + timedelta(**time) // timedelta(milliseconds=1))

    def start_at(self, at: str) -> None:
        """It is this instant now."""
        self._move(instant.parse(at) - wall_clock_ms())

    def _move(self, ahead_ms: int) -> None:
        self._ahead_ms = ahead_ms


class Running(Protocol):
    """An exchange that answers."""

    base_url: str


@asynccontextmanager
async def embedded(
    data: Path, port: int, tell: Callable[[str], None], clock: Clock | None = None
) -> AsyncIterator[Running]:
    """The exchange in this process, on the embedded adapters."""
    settings = Settings(data=data, host="127.0.0.1", port=port, base_url="", log_level="WARNING")
    async with Exchange(settings, clock_ms=clock or wall_clock_ms) as exchange:
        tell(f"The exchange runs at {exchange.base_url}: gateway, registry, delivery and console in one process.")
        yield exchange


@asynccontextmanager
async def stage(
    folder: Path,
    run: Run,
    tell: Callable[[str], None],
    agencies: Sequence[str],
    clock: Clock | None = None,
    *,
    post_quantum: bool = False,
) -> AsyncIterator[Stage]:
    """A founded exchange that `run` has running, with these agencies admitted and their clients open.

    `clock`: by which it runs, if that can be moved. `post_quantum`: its ledger signs with ML-DSA-44 too.
    """
    clock, named = clock or Clock(), {*agencies, AUDITOR}
    players = [one for one in AGENCIES if one[0] in named]
    data = folder / "exchange"
    root = governance.init(data, origin=ORIGIN, post_quantum=post_quantum)
    tell(f"Founded {ORIGIN}: 2 of 3 governance keys sign who may take part. root.json is handed out once.")
    async with run(data) as exchange, AsyncExitStack() as stack:
        made = Stage(folder, root, exchange.base_url, {}, clock)
        await _admit(made, Governance.load(data), players)
        tell("Admitted, each with keys of its own: " + ", ".join(name for name, *_ in players) + ".")
        for name, *_ in players:
            client = Client(made.home(name), root, exchange.base_url, clock_s=clock.seconds)
            made.clients[name] = await stack.enter_async_context(client)
        yield made


async def _admit(made: Stage, office: Governance, players: Sequence[Player]) -> None:
    async with DirectoryOffice(made.root, made.base_url) as directory:
        for name, title, country, roles, offset in players:
            home = made.home(name)
            signing, reading = KINDS.get(name, (ED25519, P256))
            facts: Any = {"name": title, "country": country, "utc_offset": offset}
            new_agency(home, name, **facts, roles=roles, signing=signing, reading=reading)
            await directory.admit(Enrolment.parse((home / "request.json").read_bytes()), office)
