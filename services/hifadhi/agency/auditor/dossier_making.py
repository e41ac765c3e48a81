"""Makes a dossier out of a mirror: the whole ledger is verified first, so that nothing false is handed to a judge."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from hifadhi.agency.auditor import dossier, verify_page
from hifadhi.agency.auditor.dossier import Files, Proven
from hifadhi.errors import Fault, Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.audit import CHECKPOINT, Audit, claimed_checkpoint
from hifadhi.evidence.jws import MESSAGE, read_envelope
from hifadhi.evidence.leaf import RECORDED, Leaf
from hifadhi.evidence.proof import Proof
from hifadhi.evidence.report import Verified
from hifadhi.evidence.tiles import ENTRIES, HEIGHT, WIDTH, Tile, node_from_tiles, parse_bundle
from hifadhi.evidence.tree import inclusion_proof
from hifadhi.referral import root as root_file
from hifadhi.referral.root import Root
from hifadhi.referral.statements import STATEMENTS


@dataclass(frozen=True, slots=True)
class Made:
    """The files, what they prove, and the indexes of other leaves of a message with this id."""

    files: Files
    proven: Proven
    others: tuple[int, ...]


@dataclass(slots=True)
class _Finder:
    """Told every leaf, it knows in the end which ones are meant and which are the directory's."""

    wanted: str
    found: list[tuple[int, Leaf]] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)

    def __call__(self, verified: Verified) -> None:
        leaf, index = verified.leaf, verified.index
        if self.wanted == str(index):
            self.found.append((index, leaf))
        if not leaf.envelope:
            return
        payload = read_envelope(leaf.envelope, typ=MESSAGE).payload
        may_be_statement = leaf.ruling.ruling == RECORDED and leaf.ruling.case_version is None
        if not may_be_statement and self.wanted.encode() not in payload:
            return
        said = strict_json.parse(payload)
        if may_be_statement and said["type"] in STATEMENTS:
            self.statements.append(index)
        if said["id"] == self.wanted:
            self.found.append((index, leaf))

    def chosen(self) -> int:
        """The recorded leaf of the message, if there is one, else its first."""
        if not self.found:
            says = "the ledger has no leaf of this message; name its id, or the index of a leaf"
            raise Refused(Fault("NOT_FOUND", "", says))
        recorded = [index for index, leaf in self.found if leaf.ruling.ruling == RECORDED]
        return recorded[0] if recorded else self.found[0][0]


def make(
    ledger: Files, root_bytes: bytes, wanted: str, progress: Callable[[int, int], None] = lambda _done, _of: None
) -> Made:
    """The dossier on the message with this id, or on the leaf at this index, say a lapse.

    Tampered, if the ledger does not verify; Refused: NOT_FOUND.
    """
    root, finder = root_file.parse(root_bytes), _Finder(wanted)
    audit = Audit(ledger, root)
    size = audit.checkpoint.size

    def seen(verified: Verified) -> None:
        progress(verified.index + 1, size)
        finder(verified)

    audit.run(seen)
    index = finder.chosen()
    now = audit.verifier.directory.root
    files = assembled(ledger, root_bytes, index, finder.statements, now)
    proven = dossier.open_dossier({**files, dossier.PAGE: b""}, root)
    files[dossier.PAGE] = verify_page.page(proven, now, ledger[CHECKPOINT]).encode()
    return Made(files, proven, tuple(other for other, _ in finder.found if other != index))


def assembled(ledger: Files, root_bytes: bytes, index: int, statements: list[int], now: Root) -> dict[str, bytes]:
    """The files of a dossier but its page, out of a ledger that stands, or is said to; `now`: the root in force."""
    size = claimed_checkpoint(ledger, now).size
    files = {dossier.ROOT: root_bytes, dossier.POLICY: dossier.policy(now), CHECKPOINT: ledger[CHECKPOINT]}
    for at, name in _named(index, statements):
        files |= {name: _entry(ledger, size, at), name + dossier.PROOF: _proof(ledger, size, at)}
    if envelope := files[dossier.LEAF].split(b"\n", 2)[2]:
        files[dossier.ENVELOPE] = envelope
    return files


def _named(index: int, statements: list[int]) -> Iterator[tuple[int, str]]:
    yield index, dossier.LEAF
    yield from ((at, dossier.statement_name(at)) for at in statements)


def _entry(ledger: Files, size: int, index: int) -> bytes:
    bundle = _tile(ENTRIES, index // WIDTH, size)
    return parse_bundle(ledger[bundle.path()], bundle.width)[index % WIDTH]


def _proof(ledger: Files, size: int, index: int) -> bytes:
    def tile(level: int, number: int) -> bytes:
        return ledger[_tile(level, number, size).path()]

    hashes = inclusion_proof(index, size, lambda level, number: node_from_tiles(level, number, tile))
    return Proof(index, tuple(hashes), ledger[CHECKPOINT].decode()).format().encode()


def _tile(level: int, index: int, size: int) -> Tile:
    """A tile or bundle, as wide as the tree of this size makes it."""
    return Tile(level, index, min(WIDTH, (size >> (HEIGHT * max(level, 0))) - index * WIDTH))
