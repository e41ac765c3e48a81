"""The commands of the directory: enrol, let in, revoke, show. What they answer goes to stdout, what is wrong to stderr.

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 unavailable, 4 tampered.
"""

import asyncio
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Final, ParamSpec

from cyclopts import App, Parameter

from hifadhi.agency import agency_output as output
from hifadhi.agency import durable_file, governance
from hifadhi.agency.directory_office import DirectoryOffice
from hifadhi.agency.enrolment import Enrolment, new_agency
from hifadhi.agency.governance import Governance
from hifadhi.agency.journal import Journal
from hifadhi.agency.keyring import Keyring
from hifadhi.errors import Fault, HifadhiError, Refused, Tampered, Unavailable
from hifadhi.referral import root as root_file
from hifadhi.referral.root import Root

DONE: Final = 0
EXIT: Final[dict[type[HifadhiError], int]] = {Refused: 1, Unavailable: 3, Tampered: 4}
USAGE: Final = 2
INTERRUPTED: Final = 130

P = ParamSpec("P")

agency_app = App(name="agency", help="An agency's keys and its request to be let in.")
directory_app = App(name="directory", help="Who is in the exchange, with which keys.")

Home = Annotated[Path, Parameter(name="--home", help="The folder with the agency's keys.")]
RootFile = Annotated[Path, Parameter(name="--root", help="root.json, as it was handed over.")]
Url = Annotated[str, Parameter(name="--url", help="The exchange's base URL.")]
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


@agency_app.command(name="new")
@exit_code
def new(  # noqa: PLR0913 (one option each)
    agency: str,
    *,
    name: str,
    country: str,
    role: Annotated[list[str], Parameter(negative="")],
    offset: Annotated[str, Parameter(allow_leading_hyphen=True)],
    home: Home,
    countersign: Path | None = None,
) -> int:
    """Make an agency's keys, and the request with which governance lets it in.

    Parameters
    ----------
    agency
        Its id, as MZ-INAR.
    name
        Its name, in full.
    country
        Of its seat, ISO 3166-1 alpha-3.
    role
        state, focal, observer, detection, statistics or auditor; may be given several times.
    offset
        Its clock's fixed offset from UTC, as +02:00.
    countersign
        The folder for the second officer's key: on a stick, or on that officer's machine. Without it, it lies in the
        home, where the first officer has it too.
    """
    keyring = new_agency(
        home, agency, name=name, country=country, roles=role, utc_offset=offset, countersign=countersign
    )
    output.say(f"{agency}: keys and request.json are in {home}")
    if countersign is not None:
        output.say(f"the second officer's key is in {countersign}")
    output.say(f"identity key {keyring.identity.kid}: tell it to governance by another way than the request")
    return DONE


@directory_app.command(name="init")
@exit_code
def init(
    folder: Path,
    *,
    origin: str,
    keys: int = 3,
    threshold: int = 2,
    max_delay: int = governance.MAX_DELAY_S,
    hub: Path | None = None,
) -> int:
    """Found an exchange: governance keys, the hub's keys, root.json.

    Parameters
    ----------
    folder
        Where all of it goes.
    origin
        The ledger's name, as hifadhi.example/sadc.
    keys
        How many governance keys.
    threshold
        How many of them must sign.
    max_delay
        Seconds within which the hub promises to seal what it has stored.
    hub
        Where the hub's keys go instead.
    """
    made = governance.init(folder, origin=origin, keys=keys, threshold=threshold, max_delay_s=max_delay, hub=hub)
    output.say(f"{made.origin}: {threshold} of {keys} governance keys must sign")
    output.say(f"hand {folder / 'root.json'} to everybody, by a way that they trust")
    return DONE


@directory_app.command(name="admit")
@exit_code
def admit(request: Path, *, governance: GovernanceFolder, url: Url) -> int:
    """Let an agency in, with the keys of its request.

    Parameters
    ----------
    request
        The agency's request.json.
    """
    by, enrolment = _governance(governance), Enrolment.parse(durable_file.read(request))
    asyncio.run(_admit(enrolment, by, url))
    output.say(f"{enrolment.agency}: admitted with identity key {enrolment.identity.kid}")
    return DONE


@directory_app.command(name="revoke")
@exit_code
def revoke(
    kid: Annotated[str, Parameter(allow_leading_hyphen=True)],
    *,
    url: Url,
    governance: GovernanceFolder = None,
    home: Home | None = None,
    root: RootFile | None = None,
    since: str | None = None,
) -> int:
    """End a key: by governance, or by the agency whose key it is, with --home and --root.

    Parameters
    ----------
    kid
        The key's RFC 7638 thumbprint, as `hifadhi directory show` has it.
    since
        From when on what it signed is in doubt, as 2026-11-23T10:00:00.000Z.
    """
    if home is not None and root is not None:
        asyncio.run(_revoke_own(kid, Keyring.load(home), root_of(root), url, since))
    else:
        asyncio.run(_revoke(kid, _governance(governance), url, since))
    output.say(f"{kid}: revoked")
    return DONE


@directory_app.command(name="show")
@exit_code
def show(*, url: Url, root: RootFile, json: Json = False) -> int:
    """Show the directory, verified from root.json on."""
    known = asyncio.run(_read(root_of(root), url)).known
    if json:
        output.say_json(output.directory_json(known))
    else:
        output.say(output.directory(known))
    return DONE


def root_of(path: Path) -> Root:
    """The root of trust in a file."""
    return root_file.parse(durable_file.read(path))


def _governance(folder: Path | None) -> Governance:
    if folder is None:
        raise Refused(Fault("USAGE", "", "give --governance, the folder with root.json and the governance keys"))
    return Governance.load(folder)


async def _admit(enrolment: Enrolment, by: Governance, url: str) -> None:
    async with DirectoryOffice(by.root, url) as office:
        await office.admit(enrolment, by)


async def _revoke(kid: str, by: Governance, url: str, since: str | None) -> None:
    async with DirectoryOffice(by.root, url) as office:
        await office.revoke(kid, by, invalid_since=since)


async def _revoke_own(kid: str, keyring: Keyring, root: Root, url: str, since: str | None) -> None:
    journal = Journal(keyring.home / "identity-journal.json")
    async with DirectoryOffice(root, url) as office:
        await office.revoke_own(kid, keyring.identity, journal, invalid_since=since)


async def _read(root: Root, url: str) -> DirectoryOffice:
    async with DirectoryOffice(root, url) as office:
        await office.read()
    return office
