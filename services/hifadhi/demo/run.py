"""`hifadhi demo`."""

import asyncio
import shutil
import signal
import time
from functools import partial
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from hifadhi import diagnostics
from hifadhi.agency.access_token import AccessToken
from hifadhi.agency.archive import Archive
from hifadhi.agency.mirror import Mirror
from hifadhi.agency.replay import replay
from hifadhi.agency.transport import Transport
from hifadhi.demo.narrator import heading, say
from hifadhi.demo.scenarios import girl_alone, mass_return
from hifadhi.demo.stage import AUDITOR, Run, Stage, embedded, stage
from hifadhi.evidence.audit import Audit

KEPT_PORT: Final = 8400


def demo(
    *,
    keep: Annotated[bool, Parameter(negative="", help="Leave the exchange running until Ctrl-C.")] = False,
    folder: Annotated[Path, Parameter(help="Made anew; what a demo left there before is removed.")] = Path(".demo"),
) -> int:
    """Play a referral and a mass return on a fresh exchange, then mirror and verify its ledger.

    Exit code 0: everything happened as told, and the ledger verifies.
    """
    diagnostics.configure("WARNING")
    if (folder / "exchange").exists():
        shutil.rmtree(folder)
    asyncio.run(play(folder, partial(embedded, port=KEPT_PORT if keep else 0, tell=say), keep=keep))
    return 0


async def play(folder: Path, run: Run, *, keep: bool) -> None:
    """The story, on an exchange that `run` has running."""
    started = time.monotonic()
    heading("Hifadhi: a demonstration with invented people")
    async with stage(folder, run, say) as made:
        case, request = await girl_alone(made)
        await mass_return(made)
        await _verified(made, case)
        say(f"\nDone in {time.monotonic() - started:.0f} s.")
        if keep:
            say(f"Open {made.base_url}/console in a browser; her referral is at")
            say(f"     {made.base_url}/console/referrals/{request}. Ctrl-C ends the exchange.")
            await _until_interrupted()
    if not keep:
        say("The exchange has stopped. With KEEP=1 it is left running; then open the console at /console.")


async def _verified(made: Stage, case: str) -> None:
    heading("The auditor mirrors the ledger and verifies it, offline, with root.json alone")
    copy = Archive(made.folder / "mirror")
    token = AccessToken(AUDITOR, made.clients[AUDITOR].keyring.sign, made.base_url)
    async with Transport(made.base_url, token=token) as transport:
        await Mirror(copy, transport).update()
    report = await asyncio.to_thread(Audit(copy, made.root).run)
    say(
        f"Verified: {report.leaves} leaves, {report.recorded} recorded, {report.refused} refused, {report.cases} cases."
    )
    say("Every hash, signature and ruling was computed again; each came out as it stands in the ledger.")
    heading("Her case, as it was ruled")
    told = await asyncio.to_thread(replay, copy, made.root, case, progress=lambda _done, _of: None)
    for line in told.lines:
        say(f"{line.index:>4}  {line.stored_at}  {line.words}  Responsible: {line.responsible}.")
    root = made.folder / "exchange" / "root.json"
    say(f"\nThe same by hand:  hifadhi verify {made.folder / 'mirror'} --root {root}")
    say(f"                   hifadhi replay {made.folder / 'mirror'} {case} --root {root}")


async def _until_interrupted() -> None:
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    await ended.wait()
