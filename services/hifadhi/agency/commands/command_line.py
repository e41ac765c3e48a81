"""What all commands of the agency's side share: their options, and what becomes of an error.

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 unavailable, 4 tampered.
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Final, ParamSpec

from cyclopts import Parameter

from hifadhi.agency import durable_file
from hifadhi.agency.commands import output
from hifadhi.agency.environment import EXCHANGE_ROOT, EXCHANGE_URL
from hifadhi.errors import HifadhiError, Refused, Tampered, Unavailable
from hifadhi.referral import root as root_file
from hifadhi.referral.root import Root

DONE: Final = 0
EXIT: Final[dict[type[HifadhiError], int]] = {Refused: 1, Unavailable: 3, Tampered: 4}
USAGE: Final = 2
INTERRUPTED: Final = 130

P = ParamSpec("P")

Home = Annotated[Path, Parameter(name="--home", help="The folder with the agency's keys.")]
RootFile = Annotated[Path, Parameter(name="--root", env_var=EXCHANGE_ROOT, help="root.json, as it was handed over.")]
Url = Annotated[str, Parameter(name="--url", env_var=EXCHANGE_URL, help="The exchange's base URL.")]
Json = Annotated[bool, Parameter(name="--json", negative="", help="JSON for programs, a line each.")]
GovernanceFolder = Annotated[
    Path | None, Parameter(name="--governance", help="The folder with root.json and the governance keys.")
]


def exit_code(command: Callable[P, int]) -> Callable[P, int]:
    """The command, whose errors are told in words and become exit codes."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> int:
        try:
            return command(*args, **kwargs)
        except HifadhiError as error:
            output.complain(error)
            return USAGE if isinstance(error, Refused) and error.code == "USAGE" else EXIT[type(error)]
        except KeyboardInterrupt:
            return INTERRUPTED

    return run


def read_root(path: Path) -> Root:
    """The root in a file. Refused, with what is wrong in it."""
    return root_file.parse(durable_file.read(path))
