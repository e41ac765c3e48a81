"""An exchange with four agencies, each with its own home folder, at a small hub."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from shutil import copytree
from typing import Final

import pytest
from aiohttp.test_utils import TestServer

from hifadhi.agency.client import Client
from hifadhi.agency.directory import governance
from hifadhi.agency.directory.enrolment import Enrolment, new_agency
from hifadhi.agency.directory.governance import Governance
from hifadhi.agency.home.keyring import Keyring, read_key
from hifadhi.agency.wire.transport import Patience
from hifadhi.referral.root import Root
from unit.agency.small_hub import SmallHub

QUICK: Final = Patience(tries=4, total_s=2.0, request_s=2.0, first_delay_s=0.001, most_delay_s=0.01)
AGENCIES: Final = {
    "MZ-INAR": ("MOZ", ("state",)),
    "ZA-DHA": ("ZAF", ("state",)),
    "IO-WATCH": ("CHE", ("observer", "detection")),
    "IO-COUNT": ("CHE", ("statistics",)),
}
NOW_MS: Final = 1_795_000_000_000
ClientOf = Callable[[str], Client]


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fsync adds shows only when the power fails."""
    monkeypatch.setattr("os.fsync", lambda _: None)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an exchange and its agencies' homes, made once: the tests work on copies."""
    folder = tmp_path_factory.mktemp("founded")
    governance.init(folder / "exchange", origin="hifadhi.example/test")
    for agency, (country, roles) in AGENCIES.items():
        new_agency(folder / agency, agency, name=agency, country=country, roles=roles, utc_offset="+02:00")
    return folder


@pytest.fixture
def office(founded: Path, tmp_path: Path) -> Governance:
    copytree(founded / "exchange", tmp_path / "exchange")
    return Governance.load(tmp_path / "exchange")


@pytest.fixture
def root(office: Governance) -> Root:
    return office.root


@pytest.fixture
def homes(founded: Path, tmp_path: Path) -> dict[str, Keyring]:
    return {agency: Keyring.load(copytree(founded / agency, tmp_path / agency)) for agency in AGENCIES}


@pytest.fixture
async def hub(office: Governance) -> AsyncIterator[SmallHub]:
    ledger, gateway = (read_key(office.folder / f"{use}.jwk") for use in ("ledger", "gateway"))
    made = SmallHub(office.root, ledger, gateway)
    async with TestServer(made.application()) as server:
        made.base_url = str(server.make_url("")).rstrip("/")
        yield made


@pytest.fixture
def admitted(hub: SmallHub, homes: dict[str, Keyring], office: Governance) -> dict[str, Keyring]:
    """The agencies' homes, all of them let in."""
    for number, keyring in enumerate(homes.values(), start=1):
        enrolment = Enrolment.parse((keyring.home / "request.json").read_bytes())
        said = governance.admitted(enrolment).sign(number=number, now_ms=NOW_MS, keys=office.signers())
        for line in (said.line, *(added.line for added in enrolment.keys)):
            assert hub.take(line)[0] == 202
    hub.posts.clear()
    return homes


@pytest.fixture
def client(hub: SmallHub, admitted: dict[str, Keyring]) -> ClientOf:
    """A client of an agency, as a new process would make it."""

    def make(agency: str) -> Client:
        return Client(admitted[agency].home, hub.root, hub.base_url, patience=QUICK)

    return make
