"""On a real exchange an answer is lost, and the directory changes before the repeat: one case, and no finding."""

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from hifadhi.agency.client import Client
from hifadhi.agency.directory.directory_office import DirectoryOffice
from hifadhi.agency.directory.enrolment import Enrolment, new_agency
from hifadhi.agency.directory.governance import Governance
from hifadhi.demo import people
from hifadhi.demo.stage import Stage, embedded, stage
from ledger_verified import verified

AGENCY = "MZ-INAR"


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Stage]:
    run = partial(embedded, port=0, tell=lambda _: None)
    async with stage(tmp_path, run, lambda _: None, (AGENCY,)) as made:
        yield made


async def grow(made: Stage) -> None:
    """Governance lets in another agency that reads each `movement`: what was sealed before lacks a reader."""
    home = made.home("IO-NEW")
    new_agency(home, "IO-NEW", name="new", country="CHE", roles=("detection",), utc_offset="+02:00")
    async with DirectoryOffice(made.root, made.base_url) as office:
        enrolment = Enrolment.parse((home / "request.json").read_bytes())
        await office.admit(enrolment, Governance.load(made.folder / "exchange"))


@contextlib.asynccontextmanager
async def losing(made: Stage) -> AsyncIterator[str]:
    """The URL of a way to the exchange on which the first answer to a posting is lost, while the directory grows."""
    statuses = list[int]()

    async def passed(request: web.Request) -> web.Response:
        headers = {name: request.headers[name] for name in ("Content-Type", "Authorization") if name in request.headers}
        async with ClientSession() as session:
            url, body = made.base_url + request.path_qs, await request.read()
            async with session.request(request.method, url, data=body, headers=headers) as got:
                answer = web.Response(status=got.status, body=await got.read())
        if request.method == "POST":
            statuses.append(answer.status)
            if len(statuses) == 1:
                await grow(made)
                assert request.transport is not None
                request.transport.close()
        return answer

    app = web.Application()
    app.add_routes([web.route("*", "/{path:.*}", passed)])
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")
    assert statuses == [202, 400, 202]


async def test_one_encounter_that_is_posted_twice_opens_one_case(made: Stage) -> None:
    async with losing(made) as way:
        faces = {"/v1/messages": way}
        async with Client(made.home(AGENCY), made.root, made.base_url, faces=faces) as agency:
            first = await agency.send("encounter.reported", bodies=people.girl_found())
            second = await agency.send("encounter.reported", bodies=people.girl_found())
    assert (first.is_recorded, first.receipt, first.refused) == (True, None, ())
    assert (second.is_recorded, second.receipt is None) == (True, False)
    assert (await verified(made)).findings == ()
