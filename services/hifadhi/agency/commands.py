"""The agency's own commands: its keys, and its request to be let in. Exit codes as in `command_line`."""

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from hifadhi.agency import agency_output as output
from hifadhi.agency.command_line import DONE, Home, exit_code
from hifadhi.agency.enrolment import new_agency

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
    signing: Literal["Ed25519", "ES256"] = "Ed25519",
    reading: Literal["P-256", "X25519", "HPKE-9-KE"] = "P-256",
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
