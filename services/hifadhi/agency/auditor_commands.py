"""The auditor's commands: `mirror`, `verify`, `replay`. Each gives its exit code; none asks anything.

0: done, and it verifies. 1: tampered. 2: it cannot be done as asked (usage, unreadable files, refused by the exchange).
3, of `mirror` only: the exchange cannot be reached; the same again later goes on where this stopped.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Final

from cyclopts import Parameter

from hifadhi.agency import auditor_output as output
from hifadhi.agency import durable_file
from hifadhi.agency.access_token import AccessToken
from hifadhi.agency.archive import Archive
from hifadhi.agency.audit_state import memory_of
from hifadhi.agency.bundle_workers import bundles_of
from hifadhi.agency.keyring import read_key
from hifadhi.agency.mirror import INCOMING, Mirror, Mirrored
from hifadhi.agency.replay import Replay
from hifadhi.agency.replay import replay as replay_case
from hifadhi.agency.transport import Patience, Transport
from hifadhi.errors import Fault, HifadhiError, Refused, Tampered, Unavailable
from hifadhi.evidence import strict_json
from hifadhi.evidence.audit import CHECKPOINT, TILES, Audit, claimed_checkpoint
from hifadhi.evidence.b64 import encode
from hifadhi.evidence.report import Report
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
RootFile = Annotated[Path, Parameter(name="--root", help="The exchange's root.json, as you were handed it.")]


def mirror(  # noqa: PLR0913 (one option each)
    url: str,
    folder: Path,
    /,
    *,
    key: Annotated[Path, Parameter(help="A signing key of an agency with the role auditor or detection, as JWK.")],
    agency: Annotated[str | None, Parameter(help="Its agency; else agency.json beside the key names it.")] = None,
    root: Annotated[Path | None, Parameter(name="--root", help="Check signatures now, not only in 'verify'.")] = None,
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
        if as_json:
            fields = {"origin": checkpoint.origin, "leaves": checkpoint.size, "new": done.new}
            output.say_json({**fields, "root": encode(checkpoint.root)})
        elif not quiet:
            output.say(f"{checkpoint.origin}: {checkpoint.size} leaves, {done.new} of them new. Not verified yet.")

    return _exit_code(run, as_json=as_json)


def verify(
    folder: Path,
    /,
    *,
    root: RootFile,
    state: Annotated[Path | None, Parameter(help="Keep here how far it is, and go on from there.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> int:
    """Verify the ledger in FOLDER: every file, every signature, every ruling decided again. Needs no network.

    With --state it goes on where an earlier run stopped, or behind the leaves that one verified; keep that file as you
    keep root.json. Exit codes: 0 verified; 1 tampered, with the first bad index and why; 2 usage, or a file that cannot
    be read.
    """

    def run() -> None:
        archive, known = _whole(folder), _root(root)
        with output.progress("verifying", quiet=quiet or as_json) as told:
            report = _audited(archive, known, state, told)
        if as_json:
            output.say_json(output.report_fields(report))
        elif not quiet:
            output.say(output.report_words(report))

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


def _audited(archive: Archive, root: Root, state: Path | None, told: Callable[[int, int], None]) -> Report:
    size = claimed_checkpoint(archive, root).size
    of = f"{version('hifadhi')} {sha256(root.model_dump_json().encode()).hexdigest()}"
    with memory_of(size, state, of) as memory, bundles_of(archive, size) as bundles:
        return Audit(archive, root, bundles, memory).run(lambda leaf: told(leaf.index + 1, size))


def _root(path: Path) -> Root:
    return root_file.parse(durable_file.read(path))


def _whole(folder: Path) -> Archive:
    """The archive in the folder; Refused, if there is none or a mirror was interrupted while it replaced files."""
    archive = Archive(folder)
    if f"{INCOMING}/{CHECKPOINT}" in archive:
        raise Refused(Fault("INTERRUPTED", "", "a mirror was interrupted at its last step; run 'hifadhi mirror' again"))
    if CHECKPOINT not in archive and not (folder / TILES).is_dir():
        raise Refused(Fault("NOT_FOUND", "", f"{folder} holds no ledger: no checkpoint, no tiles"))
    return archive


def _agency_of(key: Path) -> str:
    """The agency of a key that lies in the folder of its keyring."""
    named = strict_json.parse(durable_file.read(key.with_name("agency.json")))
    return str(strict_json.members(named, ("agency",))["agency"])
