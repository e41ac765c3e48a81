"""A backup is older than the topics. What it has lost is folded back from them, and no word is another afterwards."""

from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

import console_place
import delivery_place
import registry_place
from folder_database import name_database
from hifadhi.hub.console import tables as console_tables
from hifadhi.hub.registry.recovery import recover
from hifadhi.hub.registry.sealer import Sealer
from hifadhi.stream.topics import DEAD_LETTERS
from ledger_maker import LedgerMaker
from postgres_server import PostgresServer
from time_machine import CastInTime, Clock
from unit.hub.registry.test_recovery import check, story

MZ, ZA = "MZ-INAR", "ZA-DHA"

pytestmark = pytest.mark.slow


class Backup:
    """Of the one database of a folder."""

    def __init__(self, server: PostgresServer, url: str, folder: Path) -> None:
        self._server, self._url, self._file = server, url, folder / "backup"

    async def take(self) -> None:
        await self._server.backup(self._url, self._file)

    async def restore(self, folder: Path) -> None:
        """From here on the folder's database is a new one, made of the backup."""
        name_database(folder, await self._server.restore(self._file, f"restored_{uuid4().hex}"))


@pytest.fixture
def backup(postgres: PostgresServer, on_postgres: str, tmp_path: Path) -> Backup:
    return Backup(postgres, on_postgres, tmp_path)


async def test_a_registry_on_a_restored_backup_folds_back_what_it_lost_and_goes_on(
    backup: Backup, tmp_path: Path
) -> None:
    cast = CastInTime(tmp_path / "exchange", Clock())
    async with registry_place.opened(cast) as place, place.running():
        await place.admit()
        await place.ruled()
        kept = len((await place.audited()).raw)
        await backup.take()  # while it is in use
        await story(place)
        before = await place.audited()
    await backup.restore(cast.folder)
    async with registry_place.opened(cast) as again:
        assert await recover(again.store, again.stream, Sealer(again.store, cast.root)) == len(before.raw) - kept
        async with again.running():
            await again.submit(cast.encounter(MZ))
            await again.ruled()
        await check(again, len(before.raw) + 1)
        assert (await again.audited()).raw[:-1] == before.raw
        assert len({one.key for one in await again.records(DEAD_LETTERS)}) == 1


def some(ledger: LedgerMaker, count: int) -> None:
    for _ in range(count):
        ledger.request(ledger.open_case())


async def test_delivery_on_a_restored_backup_fills_its_inboxes_as_they_were(backup: Backup, tmp_path: Path) -> None:
    ledger = LedgerMaker.with_agencies()
    async with delivery_place.opened(tmp_path, ledger) as place:
        some(ledger, 5)
        await place.follow()
        await backup.take()
        some(ledger, 7)
        await place.follow()
        before = await place.inboxes()
    await backup.restore(tmp_path)
    async with delivery_place.opened(tmp_path, ledger) as again:
        assert len(await again.inbox(ZA)) < len(before[ZA])
        await again.follow()
        assert await again.inboxes() == before
        some(ledger, 1)
        await again.follow()
        assert (await again.inbox(ZA))[:-1] == before[ZA]


async def test_a_console_on_a_restored_backup_shows_what_it_showed(backup: Backup, tmp_path: Path) -> None:
    ledger = LedgerMaker.with_agencies()
    async with console_place.console_on(tmp_path, ledger) as place:
        some(ledger, 5)
        await place.caught_up()
        await backup.take()
        some(ledger, 7)
        await place.caught_up()
        before = await _entries(place)
    await backup.restore(tmp_path)
    async with console_place.console_on(tmp_path, ledger) as again:
        await again.followed()
        assert await _entries(again) == before
        assert not again.console.stopped


async def _entries(place: console_place.ConsolePlace) -> list[tuple[object, ...]]:
    async with place.store.read() as db:
        found = await db.execute(select(console_tables.entries).order_by(console_tables.entries.c.leaf_index))
        return [tuple(row) for row in found]
