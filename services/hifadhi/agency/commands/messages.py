"""The commands of messages: send, sign second, receive. What they answer goes to stdout, what is wrong to stderr.

Exit codes as in `command_line`.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from hifadhi.agency import countersigning, durable_file
from hifadhi.agency.client import Client
from hifadhi.agency.commands import output
from hifadhi.agency.commands.command_line import DONE, EXIT, Home, Json, RootFile, Url, exit_code, read_root
from hifadhi.agency.composing.compose import Draft, Message
from hifadhi.agency.composing.signed_file import SignedFile
from hifadhi.agency.countersigning import Examined
from hifadhi.agency.home.keyring import Keyring, read_key
from hifadhi.agency.receiving.standing import Standing
from hifadhi.agency.sending.outbox import Settled
from hifadhi.agency.sending.sent import Sent
from hifadhi.agency.wire.receipt import Rejection
from hifadhi.errors import Fault, Refused, Unavailable
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral import admission

TRY_AGAIN_S: Final = 2.0


@exit_code
def send(  # noqa: PLR0913 (one option each)
    draft: Path | None = None,
    *,
    home: Home,
    root: RootFile,
    url: Url,
    case: str | None = None,
    referral: str | None = None,
    wait: float = 10.0,
    second: Path | None = None,
    for_signature: Path | None = None,
    signed: Path | None = None,
    json: Json = False,
) -> int:
    """Send a message: check it, seal it, sign it, post it, wait for the ruling.

    Parameters
    ----------
    draft
        JSON with "type", "to", "case" and the type's other facts, and "bodies" by part. Without it, what an earlier
        command had to keep is sent.
    case
        The case that it is about, instead of the draft's: the id of the encounter that opened it.
    referral
        The referral that it is about, instead of the draft's: the id of the request.
    wait
        Seconds to wait for the ruling.
    second
        The second officer's key that signs a departure too, as JWK.
    for_signature
        Post nothing, but write the signed message into this file, for the second signature of another officer or state
        by `hifadhi countersign`. Without a draft, the newest that waits for one is written again.
    signed
        Post the message in this file, which has come back with its second signature.
    """
    _check_usage(draft, second, for_signature, signed)
    said = _draft(draft, case=case, referral=referral)
    client = Client(home, read_root(root), url)
    if for_signature is not None:
        return _prepare(client, said, for_signature)
    if signed is not None:
        return _told(asyncio.run(_send_signed(client, SignedFile.parse(durable_file.read(signed)), wait)), json=json)
    if said is None:
        output.say(output.kept(asyncio.run(_send_kept(client)), len(client.journal.entries.pending)))
        return DONE
    return _told(asyncio.run(_send(client, said, wait, read_key(second) if second else None)), json=json)


@exit_code
def countersign(  # noqa: PLR0913 (one option each)
    file: Path,
    *,
    home: Home,
    root: RootFile,
    url: Url,
    key: Path | None = None,
    out: Path | None = None,
    yes: Annotated[bool, Parameter(negative="")] = False,
) -> int:
    """Look at a message that another has signed, and sign it too.

    Parameters
    ----------
    file
        As `hifadhi send --for-signature` wrote it.
    key
        The key that signs, as JWK; the home's own if none is given: its signing key, or for a departure the second
        officer's.
    out
        Where the message goes with both signatures; back into its file if no other is given.
    yes
        Sign without being asked.
    """
    held = SignedFile.parse(durable_file.read(file))
    client = Client(home, read_root(root), url)
    signs = read_key(key) if key else _own_key(client.keyring, held)
    examined = asyncio.run(_examine(client, held, signs))
    output.say(output.to_be_signed(examined))
    if not yes and not _agreed():
        output.say("not signed")
        return EXIT[Refused]
    durable_file.replace(out or file, held.countersigned(signs).message.line + b"\n")
    output.say(f"signed; {held.header.sender} posts it with `hifadhi send --signed {(out or file).name}`")
    return DONE


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


@exit_code
def read(
    message: str,
    *,
    home: Home,
    root: RootFile,
    url: Url,
    case: Annotated[bool, Parameter(negative="")] = False,
    json: Json = False,
) -> int:
    """Read a message as it stands now: what was sealed, opened again, with what was corrected in it marked.

    Parameters
    ----------
    message
        Its id.
    case
        The id is a case's; all its messages are read, the newest fifty.
    """
    found = asyncio.run(_found(Client(home, read_root(root), url), message, whole_case=case))
    if not found:
        raise Refused(Fault("NOT_FOUND", "", "nothing of this id has come to or from this agency"))
    for one in found:
        if json:
            output.say_json(output.stands_json(one))
        else:
            output.say(output.stands(one))
    return DONE


def _check_usage(draft: Path | None, second: Path | None, for_signature: Path | None, signed: Path | None) -> None:
    if signed is not None and (draft or second or for_signature):
        raise Refused(Fault("USAGE", "", "--signed posts a file as it is; give nothing else to send or to sign with"))
    if for_signature is not None and second is not None:
        raise Refused(Fault("USAGE", "", "either --second signs here, or --for-signature has another sign; not both"))
    if for_signature is not None and for_signature.exists():
        raise Refused(Fault("EXISTS", "", f"{for_signature.name} is there already; choose another name"))


def _draft(path: Path | None, **instead: str | None) -> Draft | None:
    """The draft in the file, with these facts instead of its own."""
    facts = {name: value for name, value in instead.items() if value is not None}
    if path is None:
        if facts:
            raise Refused(Fault("USAGE", "", f"--{next(iter(facts))} is for a draft; name its file"))
        return None
    document = strict_json.parse(durable_file.read(path))
    return Draft.parse({**document, **facts} if isinstance(document, dict) else document)


def _prepare(client: Client, draft: Draft | None, target: Path) -> int:
    message = asyncio.run(_prepared(client, draft)) if draft else _waiting(client)
    durable_file.replace(target, message.line + b"\n")
    output.say(f"{message.id}: signed, not posted; {target.name} waits for its second signature")
    return DONE


def _waiting(client: Client) -> Message:
    waiting = client.journal.reload().prepared
    if not waiting:
        raise Refused(Fault("NOT_PREPARED", "", "no message of this home waits for a signature; give a draft"))
    return Message.parse(waiting[-1].line)


def _own_key(keyring: Keyring, held: SignedFile) -> PrivateJwk:
    _, use = admission.second_signer(held.header) or (None, "sign")
    return keyring.countersign if use == "countersign" else keyring.sign


def _agreed() -> bool:
    if not sys.stdin.isatty():
        raise Refused(Fault("USAGE", "", "nobody can be asked here; read the above and give --yes to sign it"))
    return input("Sign this? (yes/no) ").strip().lower() == "yes"


def _told(sent: Sent, *, json: bool) -> int:
    if json:
        output.say_json(output.sent_json(sent))
    else:
        output.say(output.sent(sent))
    _complain_of(sent.refused)
    return EXIT[Refused] if sent.ruling and not sent.is_recorded else DONE


async def _send(client: Client, draft: Draft, wait_s: float, second: PrivateJwk | None) -> Sent:
    async with client:
        return await client.send_draft(draft, wait_s=wait_s, second=second)


async def _prepared(client: Client, draft: Draft) -> Message:
    async with client:
        return await client.prepare(draft)


async def _send_signed(client: Client, file: SignedFile, wait_s: float) -> Sent:
    async with client:
        return await client.send_signed(file, wait_s=wait_s)


async def _examine(client: Client, file: SignedFile, key: PrivateJwk) -> Examined:
    async with client:
        return await countersigning.examine(client, file, key)


async def _found(client: Client, message: str, *, whole_case: bool) -> Sequence[Standing]:
    async with client:
        await client.refresh_directory()
        if whole_case:
            return await client.inbox.history.case(message)
        one = await client.inbox.history.standing(message)
        return [one] if one else []


async def _send_kept(client: Client) -> list[Settled]:
    async with client:
        return await client.send_kept()


async def _receive(client: Client, *, follow: bool, json: bool) -> None:
    async with client:
        _complain_of(await client.send_kept())
        async for item in client.receive(follow=follow):
            _complain_of(await client.refused())  # what its answer made the outbox send first
            if json:
                output.say_json(output.item_json(item))
            else:
                output.say(output.item(item))


def _complain_of(outcomes: Sequence[Settled]) -> None:
    """Kept messages that were refused: nobody else hears of it."""
    for one in outcomes:
        if isinstance(one, Rejection):
            output.complain(output.refused_later(one))


async def _follow(client: Client, *, json: bool) -> None:
    while True:
        try:
            await _receive(client, follow=True, json=json)
        except Unavailable as error:
            output.complain(f"{error}; trying again")
            await asyncio.sleep(TRY_AGAIN_S)
