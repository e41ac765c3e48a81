"""`hifadhi demo`."""

import asyncio
import shutil
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from hifadhi import diagnostics
from hifadhi.agency.auditor.archive import Archive
from hifadhi.agency.auditor.mirror import Mirror
from hifadhi.agency.auditor.replay import replay
from hifadhi.agency.wire.access_token import AccessToken
from hifadhi.agency.wire.transport import Transport
from hifadhi.demo.narrator import heading, say
from hifadhi.demo.scenarios import SCENARIOS
from hifadhi.demo.stage import AUDITOR, Clock, Run, Stage, embedded, stage
from hifadhi.evidence.audit import Audit

KEPT_PORT: Final = 8400


def demo(
    *,
    scenario: Annotated[
        str, Parameter(help="S1, S2, S4, S5, S6 or S8; without it S1 and S8, one after the other.")
    ] = "S1,S8",
    keep: Annotated[bool, Parameter(negative="", help="Leave the exchange running until Ctrl-C.")] = False,
    folder: Annotated[Path, Parameter(help="Made anew; what a demo left there before is removed.")] = Path(".demo"),
) -> int:
    """Play scenarios on a fresh exchange, then mirror and verify its ledger.

    Exit code 0: everything happened as told, and the ledger verifies. 2: there is no such scenario.
    """
    chosen = scenario.split(",")
    if unknown := [name for name in chosen if name not in SCENARIOS]:
        sys.stderr.write(f"no scenario {unknown[0]}; there are {', '.join(SCENARIOS)}\n")
        return 2
    diagnostics.configure("WARNING")
    if (folder / "exchange").exists():
        shutil.rmtree(folder)
    clock = Clock()
    run = partial(embedded, port=KEPT_PORT if keep else 0, tell=say, clock=clock)
    asyncio.run(play(folder, run, chosen, keep=keep, clock=clock))
    return 0


async def play(folder: Path, run: Run, chosen: Sequence[str], *, keep: bool, clock: Clock | None = None) -> None:
    """The stories, on an exchange that `run` has running; `clock`: if its time can be moved."""
    started = time.monotonic()
    heading("Hifadhi: a demonstration with invented people")
    agencies = {agency for name in chosen for agency in SCENARIOS[name].agencies}
    async with stage(folder, run, say, sorted(agencies), clock) as made:
        cases = []
        for name in chosen:
            heading(f"{name}  {SCENARIOS[name].title}")
            cases.append(await SCENARIOS[name].play(made))
        await _verified(made, cases[0])
        say(f"\nDone in {time.monotonic() - started:.0f} s.")
        if keep:
            say(f"Open {made.base_url}/console in a browser, and search for {cases[0]}. Ctrl-C ends the exchange.")
            await _until_interrupted()
    if not keep:
        say("The exchange has stopped. With KEEP=1 it is left running; then open the console at /console.")


async def _verified(made: Stage, case: str) -> None:
    heading("The auditor mirrors the ledger and verifies it, offline, with root.json alone")
    copy = Archive(made.folder / "mirror")
    token = AccessToken(AUDITOR, made.clients[AUDITOR].keyring.sign, made.base_url, made.clock.seconds)
    async with Transport(made.base_url, token=token) as transport:
        await Mirror(copy, transport).update()
    report = await asyncio.to_thread(Audit(copy, made.root).run)
    say(
        f"Verified: {report.leaves} leaves, {report.recorded} recorded, {report.refused} refused, {report.cases} cases."
    )
    say("Every hash, signature and ruling was computed again; each came out as it stands in the ledger.")
    heading("The case, as it was ruled")
    told = await asyncio.to_thread(replay, copy, made.root, case, progress=lambda _done, _of: None)
    for line in told.lines:
        say(f"{line.index:>4}  {line.stored_at}  {line.words}  Responsible: {line.responsible or 'nobody: closed'}.")
    root = made.folder / "exchange" / "root.json"
    say(f"\nThe same by hand:  hifadhi verify {made.folder / 'mirror'} --root {root}")
    say(f"                   hifadhi replay {made.folder / 'mirror'} {case} --root {root}")


async def _until_interrupted() -> None:
    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    await ended.wait()
