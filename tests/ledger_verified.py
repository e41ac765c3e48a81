"""The end of every whole flow: an auditor fetches the ledger and decides all of it again."""

from hifadhi.agency.access_token import AccessToken
from hifadhi.agency.archive import Archive
from hifadhi.agency.mirror import Mirror
from hifadhi.agency.transport import Transport
from hifadhi.demo.stage import AUDITOR, Stage
from hifadhi.evidence.audit import Audit
from hifadhi.evidence.report import Report


async def verified(made: Stage) -> Report:
    """The audit's report; Tampered, if anything is not as it should be."""
    token = AccessToken(AUDITOR, made.clients[AUDITOR].keyring.sign, made.base_url, made.clock.seconds)
    archive = Archive(made.folder / "mirror")
    async with Transport(made.base_url, token=token) as transport:
        await Mirror(archive, transport, made.root).update()
    return Audit(archive, made.root).run()
