"""The end of every whole flow: an auditor fetches the ledger and decides all of it again."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from hifadhi.agency.auditor.archive import Archive
from hifadhi.agency.auditor.mirror import Mirror
from hifadhi.agency.wire.access_token import AccessToken
from hifadhi.agency.wire.transport import Transport
from hifadhi.demo.stage import AUDITOR, Clock, Stage, embedded, stage
from hifadhi.evidence.audit import Audit
from hifadhi.evidence.report import Report


@asynccontextmanager
async def on_stage(folder: Path, agencies: Sequence[str]) -> AsyncIterator[Stage]:
    """An embedded exchange with these agencies, whose time can be moved; its ledger verifies at the end."""
    clock = Clock()
    run = partial(embedded, port=0, tell=lambda _: None, clock=clock)
    async with stage(folder, run, lambda _: None, agencies, clock) as made:
        yield made
        assert (await verified(made)).findings == ()


async def verified(made: Stage) -> Report:
    """The audit's report; Tampered, if anything is not as it should be."""
    token = AccessToken(AUDITOR, made.clients[AUDITOR].keyring.sign, made.base_url, made.clock.seconds)
    archive = Archive(made.folder / "mirror")
    async with Transport(made.base_url, token=token) as transport:
        await Mirror(archive, transport, made.root).update()
    return Audit(archive, made.root).run()
