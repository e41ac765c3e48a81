"""The auditor's commands: `mirror`, `verify`, `replay`, `evidence`. Each gives its exit code; none asks anything.

0: done, and it verifies. 1: tampered. 2: it cannot be done as asked (usage, unreadable files, refused by the exchange).
3, of `mirror` only: the exchange cannot be reached; the same again later goes on where this stopped.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from hifadhi.agency import durable_file
from hifadhi.agency.auditor import dossier, dossier_making, dossier_output, dossier_zip, output
from hifadhi.agency.auditor.archive import Archive
from hifadhi.agency.auditor.cross_check import cross_check
from hifadhi.agency.auditor.mirror import INCOMING, Mirror, Mirrored
from hifadhi.agency.auditor.replay import Replay
from hifadhi.agency.auditor.replay import replay as replay_case
from hifadhi.agency.environment import EXCHANGE_ROOT
from hifadhi.agency.home.keyring import read_key
from hifadhi.agency.wire.access_token import AccessToken
from hifadhi.agency.wire.transport import Patience, Transport
from hifadhi.errors import Fault, HifadhiError, Refused, Tampered, Unavailable
from hifadhi.evidence import strict_json
from hifadhi.evidence.audit import CHECKPOINT, TILES
from hifadhi.evidence.b64 import encode
from hifadhi.referral import root as root_file
from hifadhi.referral.root import Root

VERIFIED: Final = 0
TAMPERED: Final = 1
NOT_DONE: Final = 2
UNREACHABLE: Final = 3

# A whole bundle over a slow link takes minutes.
PATIENCE: Final = Patience(total_s=1800, request_s=600)

Json = Annotated[bool, Parameter(name="--json", negative="", help="Answer with one line of JSON.")]
Quiet = Annotated[bool, Parameter(name="--quiet", negative="", help="No progress; when all is well, no words either.")]
Receipts = Annotated[
    tuple[Path, ...],
    Parameter(help="Receipts by this hub, as an agency keeps them (evidence.jsonl): each must have its leaf."),
]
Checkpoints = Annotated[
    tuple[Path, ...],
    Parameter(help="A checkpoint seen elsewhere, say an agency's or another mirror's: the ledger must begin with it."),
]
RootFile = Annotated[
    Path, Parameter(name="--root", env_var=EXCHANGE_ROOT, help="The exchange's root.json, as you were handed it.")
]


def mirror(  # noqa: PLR0913 (one option each)
    url: str,
    folder: Path,
    /,
    *,
    key: Annotated[Path, Parameter(help="A signing key of an agency with the role auditor or detection, as JWK.")],
    agency: Annotated[str | None, Parameter(help="Its agency; else agency.json beside the key names it.")] = None,
    root: Annotated[
        Path | None, Parameter(name="--root", env_var=EXCHANGE_ROOT, help="Check signatures now too.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Copy the ledger of the exchange at URL to FOLDER, or bring the copy there up to date.

    Interrupted, it goes on where it stopped. A ledger that does not begin with what the copy has is not taken over.
    Exit codes: 0 done; 1 the ledger contradicts the copy or itself; 2 usage, files, or refused by the exchange;
    3 the exchange cannot be reached, try again.
    """

    def run() -> None:
        token = AccessToken(agency or _agency_of(key), read_key(key), url.rstrip("/"))
        with output.progress("mirroring", quiet=quiet or as_json) as told:
            done = asyncio.run(_mirror(Archive(folder), Transport(url, token=token, patience=PATIENCE), root, told))
        checkpoint = done.checkpoint
        fields = {"origin": checkpoint.origin, "leaves": checkpoint.size, "new": done.new}
        words = f"{checkpoint.origin}: {checkpoint.size} leaves, {done.new} of them new. Not verified yet."
        output.answer({**fields, "root": encode(checkpoint.root)}, words, as_json=as_json, quiet=quiet)

    return _exit_code(run, as_json=as_json)


def verify(  # noqa: PLR0913 (one option each)
    path: Path,
    /,
    *,
    root: RootFile,
    receipts: Receipts = (),
    checkpoint: Checkpoints = (),
    state: Annotated[Path | None, Parameter(help="Keep here how far it is, and go on from there.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Verify a ledger, or one message of it. Needs no network.

    PATH is a folder with a mirror (every file, every signature, every ruling decided again), or a dossier that
    'hifadhi evidence' wrote. With --state it goes on where an earlier run stopped, or behind the leaves that one
    verified; keep that file as you keep root.json. Exit codes: 0 verified; 1 tampered, with the first bad index and
    why; 2 usage, or a file that cannot be read, or a checkpoint newer than the mirror.
    """

    def run() -> None:
        known = _root(root)
        if path.is_file():
            _refuse_more(receipts, checkpoint, state)
            proven = dossier.open_dossier(dossier_zip.unpack(durable_file.read(path)), known)
            output.answer(dossier_output.fields(proven), dossier_output.words(proven), as_json=as_json, quiet=quiet)
            return
        if receipts and state:
            raise Refused(Fault("USAGE", "", "receipts are held against every leaf; give no state with them"))
        more, seen = [[durable_file.read(file) for file in files] for files in (receipts, checkpoint)]
        with output.progress("verifying", quiet=quiet or as_json) as told:
            checked = cross_check(_whole(path), known, receipts=more, views=seen, state=state, progress=told)
        due_s = known.max_delay_s
        fields, words = output.checked_fields(checked, due_s), output.checked_words(checked, due_s)
        output.answer(fields, words, as_json=as_json, quiet=quiet)

    return _exit_code(run, as_json=as_json)


def evidence(
    folder: Path,
    message: str,
    /,
    *,
    root: RootFile,
    out: Annotated[Path | None, Parameter(help="The file to write; else MESSAGE.zip here.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Verify the ledger in FOLDER, then write what proves MESSAGE to somebody who has only root.json, as one zip.

    MESSAGE is its id, or the ledger index of a leaf, say of a lapse. 'hifadhi verify' checks the zip, and its VERIFY.md
    says how to do without. Exit codes: 0 written; 1 tampered, with the first bad index and why; 2 usage, a file that
    cannot be read or is there already, or no such message.
    """
    target = out or Path(f"{message}.zip")

    def run() -> None:
        with output.progress("verifying", quiet=quiet or as_json) as told:
            made = dossier_making.make(_whole(folder), durable_file.read(root), message, told)
        durable_file.create(target, dossier_zip.pack(made.files), mode=durable_file.PUBLIC)
        fields = {"written": str(target), "index": made.proven.index, "others": made.others}
        output.answer(fields, dossier_output.written(target, made), as_json=as_json, quiet=quiet)

    return _exit_code(run, as_json=as_json)


def replay(
    folder: Path,
    case: str,
    /,
    *,
    root: RootFile,
    at: Annotated[int | None, Parameter(help="Stop at this ledger index, and say how things stood there.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Verify the ledger in FOLDER, then tell the story of CASE: one line for each of its leaves, in words.

    CASE is the id of the encounter that opened it. Exit codes: 0 told; 1 tampered, with the first bad index and why;
    2 usage, a file that cannot be read, or no such case.
    """

    def run() -> None:
        with output.progress("verifying", quiet=quiet or as_json) as told:
            story = replay_case(_whole(folder), _root(root), case, at=at, progress=told)
        _tell(story, case, at, as_json=as_json)

    return _exit_code(run, as_json=as_json)


async def _mirror(
    archive: Archive, transport: Transport, root: Path | None, told: Callable[[int, int], None]
) -> Mirrored:
    async with transport:
        return await Mirror(archive, transport, _root(root) if root else None).update(told)


def _refuse_more(receipts: tuple[Path, ...], checkpoints: tuple[Path, ...], state: Path | None) -> None:
    if receipts or checkpoints or state:
        says = "receipts, checkpoints and a state belong to a whole ledger, not to one message"
        raise Refused(Fault("USAGE", "", says))


def _tell(story: Replay, case: str, at: int | None, *, as_json: bool) -> None:
    last = story.lines[-1]
    if as_json:
        agencies = {agency.id: agency.name for agency in story.agencies}
        lines = [asdict(line) for line in story.lines]
        output.say_json({"case": case, "origin": story.report.origin, "agencies": agencies, "lines": lines})
        return
    output.say(f"Case {case} in {story.report.origin}, {story.report.leaves} leaves, all verified")
    for agency in story.agencies:
        output.say(output.agency_words(agency))
    for line in story.lines:
        output.say(output.line_words(line))
    where = f"At index {at}" if at is not None else "At the end"
    output.say(f"{where}: {output.standing(last)}")


def _exit_code(run: Callable[[], None], *, as_json: bool) -> int:
    try:
        run()
    except Tampered as tampered:
        output.say_failure(tampered, as_json=as_json)
        return TAMPERED
    except Unavailable as away:
        output.say_failure(away, as_json=as_json)
        return UNREACHABLE
    except (HifadhiError, OSError) as error:
        output.say_failure(error, as_json=as_json)
        return NOT_DONE
    return VERIFIED


def _root(path: Path) -> Root:
    return root_file.parse(durable_file.read(path))


def _whole(folder: Path) -> Archive:
    """The archive in the folder; Refused, if there is none or a mirror was interrupted while it replaced files."""
    archive = Archive(folder)
    if f"{INCOMING}/{CHECKPOINT}" in archive:
        raise Refused(Fault("INTERRUPTED", "", "a mirror was interrupted at its last step; run 'hifadhi mirror' again"))
    if not folder.exists():
        raise Refused(Fault("NOT_FOUND", "", f"{folder} is not there"))
    if CHECKPOINT not in archive and not (folder / TILES).is_dir():
        raise Refused(Fault("NOT_FOUND", "", f"{folder} holds no ledger: no checkpoint, no tiles"))
    return archive


def _agency_of(key: Path) -> str:
    """The agency of a key that lies in the folder of its keyring."""
    named = strict_json.parse(durable_file.read(key.with_name("agency.json")))
    return str(strict_json.members(named, ("agency",))["agency"])
