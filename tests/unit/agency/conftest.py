"""An exchange with four agencies, each with its own home folder, at a small hub."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import pytest
from aiohttp.test_utils import TestServer
from unit.agency.small_hub import SmallHub

from hifadhi.agency import governance
from hifadhi.agency.client import Client
from hifadhi.agency.directory_office import DirectoryOffice
from hifadhi.agency.enrolment import Enrolment, new_agency
from hifadhi.agency.governance import Governance
from hifadhi.agency.keyring import Keyring, read_key
from hifadhi.agency.transport import Patience
from hifadhi.referral.root import Root

QUICK: Final = Patience(tries=4, total_s=2.0, request_s=2.0, first_delay_s=0.001, most_delay_s=0.01)
AGENCIES: Final = {
    "MZ-INAR": ("MOZ", ("state",)),
    "ZA-DHA": ("ZAF", ("state",)),
    "IO-WATCH": ("CHE", ("observer", "detection")),
    "IO-COUNT": ("CHE", ("statistics",)),
}
ClientOf = Callable[[str], Client]


@pytest.fixture
def root(tmp_path: Path) -> Root:
    return governance.init(tmp_path / "exchange", origin="hifadhi.example/test")


@pytest.fixture
def office(tmp_path: Path, root: Root) -> Governance:  # noqa: ARG001 (founds the exchange)
    return Governance.load(tmp_path / "exchange")


@pytest.fixture
async def hub(tmp_path: Path, root: Root) -> AsyncIterator[SmallHub]:
    keys = (read_key(tmp_path / "exchange" / f"{use}.jwk") for use in ("ledger", "gateway"))
    made = SmallHub(root, *keys)
    async with TestServer(made.application()) as server:
        made.base_url = str(server.make_url("")).rstrip("/")
        yield made


@pytest.fixture
def homes(tmp_path: Path) -> dict[str, Keyring]:
    return {
        agency: new_agency(
            tmp_path / agency, agency, name=agency, country=country, roles=roles, utc_offset="+02:00"
        )
        for agency, (country, roles) in AGENCIES.items()
    }


@pytest.fixture
async def admitted(hub: SmallHub, homes: dict[str, Keyring], office: Governance) -> dict[str, Keyring]:
    async with DirectoryOffice(hub.root, hub.base_url, patience=QUICK) as directory:
        for keyring in homes.values():
            await directory.admit(Enrolment.parse((keyring.home / "request.json").read_bytes()), office)
    return homes


@pytest.fixture
def client(hub: SmallHub, admitted: dict[str, Keyring]) -> ClientOf:
    """A client of an agency, as a new process would make it."""

    def make(agency: str) -> Client:
        return Client(admitted[agency].home, hub.root, hub.base_url, patience=QUICK)

    return make
