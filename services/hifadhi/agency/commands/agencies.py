"""The agency's own commands: its keys, and its request to be let in. Exit codes as in `command_line`."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from cyclopts import App, Parameter

from hifadhi.agency.commands import output
from hifadhi.agency.commands.command_line import DONE, Home, RootFile, Url, exit_code, read_root
from hifadhi.agency.directory import new_home
from hifadhi.agency.directory.directory_office import DirectoryOffice
from hifadhi.agency.directory.enrolment import new_agency
from hifadhi.agency.home.keyring import Keyring
from hifadhi.referral.root import Root

Signing: TypeAlias = Literal["Ed25519", "ES256"]
Reading: TypeAlias = Literal["P-256", "X25519", "HPKE-9-KE"]

agency_app = App(name="agency", help="An agency's keys and its request to be let in.")


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
    signing: Signing = "Ed25519",
    reading: Reading = "P-256",
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
    signing
        What its keys sign with.
    reading
        What is sealed to: HPKE-9-KE withstands quantum computers, and brings a key on P-256 for what others must read
        who have none.
    countersign
        The folder for the second officer's key: on a stick, or on that officer's machine. Without it, it lies in the
        home, where the first officer has it too.
    """
    keyring = new_agency(
        home,
        agency,
        name=name,
        country=country,
        roles=role,
        utc_offset=offset,
        signing=signing,
        reading=reading,
        countersign=countersign,
    )
    output.say(f"{agency}: keys and request.json are in {home}")
    if countersign is not None:
        output.say(f"the second officer's key is in {countersign}")
    output.say(f"identity key {keyring.identity.kid}: tell it to governance by another way than the request")
    return DONE


@agency_app.command(name="renew")
@exit_code
def renew(
    new: Path, *, home: Home, root: RootFile, url: Url, signing: Signing = "Ed25519", reading: Reading = "P-256"
) -> int:
    """Give the agency new keys, in a new home, while its programs go on with the old one.

    Parameters
    ----------
    new
        The new home. Once the agency's programs with the old home have ended, give the same command again, which notes
        here what they have taken meanwhile; then start them with the new home, and revoke the old signing key.
    signing
        What the new key signs with.
    reading
        What is sealed to from now on.
    """
    old = Keyring.load(home)
    made = asyncio.run(_renew(old, new, read_root(root), url, (signing, reading)))
    output.say(f"{made.agency}: signs with {made.sign.kid} in {new}, and is sealed to {made.read[0].kid}")
    output.say(f"its identity key is in {new} now, and what programs with {home} have taken so far is noted there")
    output.say(f"once those have ended: this command again, start them with {new}, revoke {old.sign.kid}")
    return DONE


async def _renew(old: Keyring, new: Path, root: Root, url: str, kinds: tuple[str, str]) -> Keyring:
    async with DirectoryOffice(root, url) as office:
        return await new_home.renew(old, new, office, signing=kinds[0], reading=kinds[1])
