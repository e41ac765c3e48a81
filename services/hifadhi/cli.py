"""The command `hifadhi`: one program, a subcommand for each job, which only wires and runs.

Exit codes: 0 done; 1 refused; 2 usage; 3 unavailable, try again; 4 tampered. The auditor's commands, whose answer is
whether the evidence holds, have their own: 0 it does, 1 it does not, 2 that could not be found out.
"""

import sys
from typing import Final

from cyclopts import App

from hifadhi.errors import HifadhiError, Refused, Tampered, Unavailable

EXIT: Final = {Refused: 1, Unavailable: 3, Tampered: 4}

app = App(name="hifadhi", help="Signed referral messages between agencies, sealed before they are delivered.")
# By name, so that `hifadhi --help` does not load what it does not run.
app.command("hifadhi.agency.commands.agencies:agency_app", name="agency")
app.command("hifadhi.agency.commands.directory:directory_app", name="directory")
app.command("hifadhi.agency.commands.messages:send", name="send")
app.command("hifadhi.agency.commands.messages:countersign", name="countersign")
app.command("hifadhi.agency.commands.messages:inbox", name="inbox")
app.command("hifadhi.agency.commands.messages:read", name="read")
app.command("hifadhi.agency.auditor.commands:mirror", name="mirror")
app.command("hifadhi.agency.auditor.commands:verify", name="verify")
app.command("hifadhi.agency.auditor.commands:replay", name="replay")
app.command("hifadhi.agency.auditor.commands:evidence", name="evidence")
app.command("hifadhi.demo.run:demo", name="demo")
app.command("hifadhi.hub_commands:up", name="up")
app.command("hifadhi.hub_commands:gateway", name="gateway")
app.command("hifadhi.hub_commands:registry", name="registry")
app.command("hifadhi.hub_commands:delivery", name="delivery")
app.command("hifadhi.hub_commands:console", name="console")
app.command("hifadhi.hub_commands:rebuild", name="rebuild")
app.command("hifadhi.hub_commands:grant", name="grant")
app.command("hifadhi.hub_commands:revoke", name="revoke")
app.command("hifadhi.hub_commands:check_config", name="check-config")


def main() -> None:
    """Run the command line; our errors become one line on stderr and an exit code."""
    try:
        result = app()
    except HifadhiError as error:
        sys.stderr.write(f"{type(error).__name__.lower()}: {error}\n")
        sys.exit(EXIT.get(type(error), 1))
    sys.exit(result if isinstance(result, int) else 0)
