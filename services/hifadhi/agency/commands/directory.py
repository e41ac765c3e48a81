"""Governance's commands, and an agency's for its own keys: found, let in, end, show. Exit codes as in `commands`."""

import asyncio
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from hifadhi.agency import durable_file
from hifadhi.agency.commands import output
from hifadhi.agency.commands.command_line import DONE, GovernanceFolder, Home, Json, RootFile, Url, exit_code, read_root
from hifadhi.agency.directory import governance, renewal
from hifadhi.agency.directory.directory_office import DirectoryOffice
from hifadhi.agency.directory.enrolment import Enrolment
from hifadhi.agency.directory.governance import Governance
from hifadhi.agency.directory.renewal import Renewal
from hifadhi.agency.home.journal import Journal
from hifadhi.agency.home.keyring import Keyring
from hifadhi.errors import Fault, Refused
from hifadhi.evidence import strict_json
from hifadhi.referral.codes import list_file
from hifadhi.referral.codes.list_file import CodeListFile
from hifadhi.referral.root import Root

KeyFiles = Annotated[list[Path] | None, Parameter(negative="")]

directory_app = App(name="directory", help="Who is in the exchange, with which keys.")


@directory_app.command(name="init")
@exit_code
def init(  # noqa: PLR0913 (one option each)
    folder: Path,
    *,
    origin: str,
    keys: int = 3,
    threshold: int = 2,
    max_delay: int = governance.MAX_DELAY_S,
    hub: Path | None = None,
    post_quantum: Annotated[bool, Parameter(negative="")] = False,
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
    post_quantum
        Checkpoints are signed with ML-DSA-44 too, and count with both signatures only: 3.3 kB more each.
    """
    made = governance.init(
        folder,
        origin=origin,
        keys=keys,
        threshold=threshold,
        max_delay_s=max_delay,
        hub=hub,
        post_quantum=post_quantum,
    )
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
        asyncio.run(_revoke_own(kid, Keyring.load(home), read_root(root), url, since))
    else:
        asyncio.run(_revoke(kid, _governance(governance), url, since))
    output.say(f"{kid}: revoked")
    return DONE


@directory_app.command(name="suspend")
@exit_code
def suspend(
    agency: str,
    *,
    governance: GovernanceFolder,
    url: Url,
    lift: Annotated[bool, Parameter(name="--lift", negative="", help="End the suspension.")] = False,
) -> int:
    """Stop an agency's keys, all but for revoking them. It reads on, and keeps its cases.

    Parameters
    ----------
    agency
        Its id, as MZ-INAR.
    """
    asyncio.run(_suspend(agency, _governance(governance), url, lift))
    output.say(f"{agency}: {'no longer suspended' if lift else 'suspended'}")
    return DONE


@directory_app.command(name="publish-codes")
@exit_code
def publish_codes(file: Path, *, governance: GovernanceFolder, url: Url) -> int:
    """Name a newer version of a code list in the directory, by the digest of its file. The file itself is handed out.

    Parameters
    ----------
    file
        The list as the files in schemas/codes, called border-posts.2.json if it is version 2 of border-posts.
    """
    raw = durable_file.read(file)
    codes, digest = list_file.read(raw, file_name=file.name), list_file.digest(raw)
    asyncio.run(_publish_codes(codes, digest, _governance(governance), url))
    output.say(f"{codes.name}: version {codes.version}, {digest}")
    return DONE


@directory_app.command(name="new-key")
@exit_code
def new_key(file: Path) -> int:
    """Make a key for governance or for the hub, and beside it the file with its public half, to be handed over.

    Parameters
    ----------
    file
        The private key, as governance-4.jwk or ledger.jwk; it stays with its holder.
    """
    output.say(f"hand over {renewal.new_key(file)}")
    return DONE


@directory_app.command(name="renew")
@exit_code
def renew(  # noqa: PLR0913 (one option each)
    file: Path,
    *,
    root: RootFile,
    url: Url,
    add_governance: KeyFiles = None,
    add_ledger: KeyFiles = None,
    add_gateway: KeyFiles = None,
    drop: Annotated[list[str] | None, Parameter(negative="", allow_leading_hyphen=True)] = None,
    threshold: int | None = None,
    max_delay: int | None = None,
) -> int:
    """Write the next root: the one in force, with keys added and dropped. Nobody's private key is needed.

    Parameters
    ----------
    file
        Where the next root goes.
    add_governance
        A public key for governance, as `hifadhi directory new-key` makes it; may be given several times.
    add_ledger
        A public key for the registry.
    add_gateway
        A public key for gateways.
    drop
        The kid of a key of any use that goes.
    threshold
        How many governance keys must sign from then on.
    max_delay
        Seconds within which the hub promises to seal from then on.
    """
    files = {"governance": add_governance, "ledger": add_ledger, "gateway": add_gateway}
    added = {use: [renewal.public_key(path) for path in paths or ()] for use, paths in files.items()}
    in_force = asyncio.run(_read(read_root(root), url)).known.directory.root
    made = Renewal(added, drop or (), threshold, max_delay).of(in_force)
    durable_file.create(file, strict_json.dump(made.model_dump(mode="json")) + b"\n", mode=durable_file.PUBLIC)
    output.say(f"{file}: {made.governance.threshold} of {len(made.governance_keys)} governance keys must sign")
    return DONE


@directory_app.command(name="rotate")
@exit_code
def rotate(
    file: Path,
    *,
    governance: GovernanceFolder,
    url: Url,
    new: Annotated[Path | None, Parameter(help="The folder with the new governance keys, if it is another.")] = None,
) -> int:
    """Bring a new root: signed by the governance keys in force, and by its own. Everybody keeps the first root.json.

    Parameters
    ----------
    file
        The next root, as `hifadhi directory renew` wrote it.
    """
    by, brought = _governance(governance), read_root(file)
    following = Governance.load(new, root=by.root) if new else by
    asyncio.run(_rotate(brought, by, following, url))
    if not (following.folder / "root.json").exists():
        first = durable_file.read(by.folder / "root.json")
        durable_file.create(following.folder / "root.json", first, mode=durable_file.PUBLIC)
    output.say(f"{brought.origin}: this root is in force; root.json, as everybody has it, stays the first")
    return DONE


@directory_app.command(name="show")
@exit_code
def show(*, url: Url, root: RootFile, json: Json = False) -> int:
    """Show the directory, verified from root.json on."""
    known = asyncio.run(_read(read_root(root), url)).known
    if json:
        output.say_json(output.directory_json(known))
    else:
        output.say(output.directory(known))
    return DONE


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


async def _suspend(agency: str, by: Governance, url: str, lifted: bool) -> None:
    async with DirectoryOffice(by.root, url) as office:
        await office.suspend(agency, by, lifted=lifted)


async def _publish_codes(codes: CodeListFile, digest: str, by: Governance, url: str) -> None:
    async with DirectoryOffice(by.root, url) as office:
        await office.publish_codes(codes, digest, by)


async def _rotate(root: Root, by: Governance, following: Governance, url: str) -> None:
    async with DirectoryOffice(by.root, url) as office:
        await office.rotate(root, by, following)


async def _revoke_own(kid: str, keyring: Keyring, root: Root, url: str, since: str | None) -> None:
    journal = Journal(keyring.home / "identity-journal.json")
    async with DirectoryOffice(root, url) as office:
        await office.revoke_own(kid, keyring.identity, journal, invalid_since=since)


async def _read(root: Root, url: str) -> DirectoryOffice:
    async with DirectoryOffice(root, url) as office:
        await office.read()
    return office
