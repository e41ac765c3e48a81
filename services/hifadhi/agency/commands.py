"""The agency's commands: enrol, send, receive. What they answer goes to stdout, what is wrong to stderr.

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 unavailable, 4 tampered.
"""

import asyncio
from pathlib import Path
from typing import Annotated, Final, Literal

from cyclopts import App, Parameter

from hifadhi.agency import agency_output as output
from hifadhi.agency import durable_file
from hifadhi.agency.client import Client, Sent
from hifadhi.agency.command_line import DONE, EXIT, Home, Json, RootFile, Url, exit_code, read_root
from hifadhi.agency.compose import Draft
from hifadhi.agency.enrolment import new_agency
from hifadhi.agency.keyring import read_key
from hifadhi.agency.receipt import Receipt, Rejection
from hifadhi.errors import Refused, Unavailable
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk

TRY_AGAIN_S: Final = 2.0

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
    """
    keyring = new_agency(
        home, agency, name=name, country=country, roles=role, utc_offset=offset, signing=signing, reading=reading
    )
    output.say(f"{agency}: keys and request.json are in {home}")
    output.say(f"identity key {keyring.identity.kid}: tell it to governance by another way than the request")
    return DONE


@exit_code
def send(  # noqa: PLR0913 (one option each)
    draft: Path | None = None,
    *,
    home: Home,
    root: RootFile,
    url: Url,
    wait: float = 10.0,
    second: Path | None = None,
    json: Json = False,
) -> int:
    """Send a message: check it, seal it, sign it, post it, wait for the ruling.

    Parameters
    ----------
    draft
        JSON with "type", "to", "case" and the type's other facts, and "bodies" by part. Without it, what an earlier
        command had to keep is sent.
    wait
        Seconds to wait for the ruling.
    second
        The key that signs too, as JWK: a second officer's for a departure, the other state's for the end of a dispute.
    """
    client = Client(home, read_root(root), url)
    if draft is None:
        output.say(output.kept(asyncio.run(_send_kept(client))))
        return DONE
    said = Draft.parse(strict_json.parse(durable_file.read(draft)))
    sent = asyncio.run(_send(client, said, wait, read_key(second) if second else None))
    if json:
        output.say_json(output.sent_json(sent))
    else:
        output.say(output.sent(sent))
    return EXIT[Refused] if sent.ruling and not sent.is_recorded else DONE


@exit_code
def inbox(*, home: Home, root: RootFile, url: Url, follow: bool = False, json: Json = False) -> int:
    """Receive: verify, open and print what has come, and answer what a system answers by itself.

    Parameters
    ----------
    follow
        Go on until interrupted.
    """
    client = Client(home, read_root(root), url)
    asyncio.run(_follow(client, json=json) if follow else _receive(client, follow=False, json=json))
    return DONE


async def _send(client: Client, draft: Draft, wait_s: float, second: PrivateJwk | None) -> Sent:
    async with client:
        return await client.send_draft(draft, wait_s=wait_s, second=second)


async def _send_kept(client: Client) -> list[Receipt | Rejection]:
    async with client:
        return await client.send_kept()


async def _receive(client: Client, *, follow: bool, json: bool) -> None:
    async with client:
        await client.send_kept()
        async for item in client.receive(follow=follow):
            if json:
                output.say_json(output.item_json(item))
            else:
                output.say(output.item(item))


async def _follow(client: Client, *, json: bool) -> None:
    while True:
        try:
            await _receive(client, follow=True, json=json)
        except Unavailable as error:
            output.complain(f"{error}; trying again")
            await asyncio.sleep(TRY_AGAIN_S)
