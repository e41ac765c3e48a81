"""The ledger as an auditor fetches it from a running exchange, and what must be true of it whatever has happened."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from cast import Body, Cast
from hifadhi.evidence import b64u
from hifadhi.evidence.audit import Audit, claimed_checkpoint
from hifadhi.evidence.jws import MESSAGE, Envelope, read_envelope
from hifadhi.evidence.leaf import Leaf
from hifadhi.evidence.report import Report, Verified
from hifadhi.evidence.tiles import ENTRIES, WIDTH, Tile, parse_bundle, tiles_at
from hifadhi.referral.case import Case
from hub_client import HubClient

AUDITOR = "UNHCR-RO"


@dataclass
class Audited:
    """A verified ledger: its leaves in order, and the cases that deciding them all again has left."""

    report: Report
    raw: list[bytes]
    leaves: list[Leaf] = field(default_factory=list)
    cases: dict[str, Case] = field(default_factory=dict)

    @cached_property
    def envelopes(self) -> dict[int, Envelope]:
        """By index, those of lapses left out."""
        sealed = enumerate(self.leaves)
        return {index: read_envelope(leaf.envelope, typ=MESSAGE) for index, leaf in sealed if leaf.envelope}

    def index_of(self) -> dict[str, int]:
        """By digest; fails if a message has two leaves."""
        found: dict[str, int] = {}
        for index, envelope in self.envelopes.items():
            assert envelope.digest not in found, f"the leaf {found[envelope.digest]} stands again at {index}"
            found[envelope.digest] = index
        return found


async def fetched(client: HubClient, auditor: str = AUDITOR) -> dict[str, bytes]:
    """The files of the ledger as it is now: checkpoint, tiles, bundles."""
    note: bytes = (await client.get("/ledger/checkpoint")).body
    size = claimed_checkpoint({"checkpoint": note}, client.cast.root).size
    files = {"checkpoint": note}
    tiles = list(tiles_at(size))
    for tile in [*tiles, *(Tile(ENTRIES, tile.index, tile.width) for tile in tiles if tile.level == 0)]:
        answer = await client.get(f"/ledger/{tile.path()}", auditor if tile.level == ENTRIES else None)
        assert answer.status == 200, answer.body
        files[tile.path()] = answer.body
    return files


def audited(files: Mapping[str, bytes], cast: Cast) -> Audited:
    """Everything verified, by the root alone."""
    cases: dict[str, Case] = {}
    leaves: list[Leaf] = []

    def seen(one: Verified) -> None:
        leaves.append(one.leaf)
        if one.case:
            cases[one.case.id] = one.case

    report = Audit(files, cast.root).run(seen)
    return Audited(report, list(_entries(files, report.leaves)), leaves, cases)


def _entries(files: Mapping[str, bytes], size: int) -> Iterator[bytes]:
    for first in range(0, size, WIDTH):
        tile = Tile(ENTRIES, first // WIDTH, min(WIDTH, size - first))
        yield from parse_bundle(files[tile.path()], tile.width)


async def audit(client: HubClient, auditor: str = AUDITOR) -> Audited:
    return audited(await fetched(client, auditor), client.cast)


def digest_of(body: Body) -> str:
    """What a receipt calls a posted message."""
    return b64u.encode(sha256(b64u.decode(body["header"]["payload"])).digest())
