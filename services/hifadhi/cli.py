"""The command `hifadhi`: one program, a subcommand for each job, which only wires and runs.

Exit codes: 0 done; 1 refused; 2 usage; 3 unavailable, try again; 4 tampered. The auditor's commands, whose answer is
whether the evidence holds, have their own: 0 it does, 1 it does not, 2 that could not be found out.
"""

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated, Any, Final

from cyclopts import App, Parameter

from hifadhi.errors import HifadhiError, Refused, Tampered, Unavailable

EXIT: Final = {Refused: 1, Unavailable: 3, Tampered: 4}

app = App(name="hifadhi", help="Signed referral messages between agencies, sealed before they are delivered.")
# By name, so that `hifadhi --help` does not load what it does not run.
app.command("hifadhi.agency.commands:agency_app", name="agency")
app.command("hifadhi.agency.commands:directory_app", name="directory")
app.command("hifadhi.agency.commands:send", name="send")
app.command("hifadhi.agency.commands:inbox", name="inbox")
app.command("hifadhi.agency.auditor_commands:mirror", name="mirror")
app.command("hifadhi.agency.auditor_commands:verify", name="verify")
app.command("hifadhi.agency.auditor_commands:replay", name="replay")
app.command("hifadhi.demo.run:demo", name="demo")


@app.command
def up(
    *,
    data: Annotated[Path | None, Parameter(help="Folder of root.json, keys and databases [HIFADHI_DATA].")] = None,
    host: Annotated[str | None, Parameter(help="Address to listen on; loopback, for want of a login.")] = None,
    port: Annotated[int | None, Parameter(help="TCP port; 0 takes a free one [HIFADHI_PORT].")] = None,
    base_url: Annotated[str | None, Parameter(help="What agencies call the exchange.")] = None,
) -> int:
    """Run the whole exchange in one process, on one port, in one data folder that survives kill -9.

    Ends on SIGTERM or Ctrl-C within ten seconds. Exit codes: 0 ended; 1 refused (settings, port); 3 unavailable.
    """
    import uvloop  # noqa: PLC0415 (only the servers need it)
    from pydantic import ValidationError  # noqa: PLC0415 (as above)

    from hifadhi import diagnostics  # noqa: PLC0415 (as above)
    from hifadhi.referral import faults  # noqa: PLC0415 (as above)
    from hifadhi.settings import Settings  # noqa: PLC0415 (as above)

    given: dict[str, Any] = {"data": data, "host": host, "port": port, "base_url": base_url}
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise faults.refusal(error, given) from None
    diagnostics.configure(settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_signal(settings))
    return 0


async def _until_signal(settings: Any) -> None:  # noqa: ANN401 (its type is imported only where servers run)
    from hifadhi.wiring import Exchange  # noqa: PLC0415 (only the servers need it)

    ended = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, ended.set)
    async with Exchange(settings) as exchange:
        sys.stdout.write(f"{exchange.base_url}\n")
        sys.stdout.flush()
        await ended.wait()


def main() -> None:
    """Run the command line; our errors become one line on stderr and an exit code."""
    try:
        result = app()
    except HifadhiError as error:
        sys.stderr.write(f"{type(error).__name__.lower()}: {error}\n")
        sys.exit(EXIT.get(type(error), 1))
    sys.exit(result if isinstance(result, int) else 0)
