"""What an auditor or a judge is handed: receipts, and the dossier of a message."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from fuzz.small_ledger import FILES, GATEWAY, LEAVES, MADE, ROOT, ROOT_BYTES, sealed
from fuzz.target import Target
from hifadhi.agency.auditor import dossier_making
from hifadhi.agency.auditor.dossier import PAGE, open_dossier
from hifadhi.agency.auditor.dossier_zip import pack, unpack
from hifadhi.errors import Fault, Refused
from hifadhi.evidence import jws, promise, strict_json
from hifadhi.evidence.audit import Audit
from hifadhi.evidence.jws import MESSAGE, read_envelope
from hifadhi.evidence.promise import MAX_TOKEN, Promise, Promises
from hifadhi.evidence.report import Verified
from hifadhi.referral import instant


def receipts(raw: bytes) -> None:
    """A file of them."""
    _judge(promise.read(raw, ROOT.origin))


def promised(raw: bytes) -> None:
    """One whose claims are whatever a gateway has signed."""
    _judge(promise.read(_token(raw), ROOT.origin))


def dossier_zip(raw: bytes) -> None:
    files = unpack(raw)
    assert pack(files) == raw
    assert sum(map(len, files.values())) < len(raw)


def dossier(raw: bytes) -> None:
    """The files of one, by name; a character is a byte. Only what the ledger has can be proved by it."""
    proven = open_dossier(_files(strict_json.parse(raw)), ROOT)
    assert proven.leaf.to_bytes() == LEAVES[proven.index]
    assert (
        proven.header is None or proven.header.id.encode() in read_envelope(proven.leaf.envelope, typ=MESSAGE).payload
    )
    assert {signer.key.kid for signer in proven.signers} <= MADE.fold.directory.keys.keys()


def _judge(promises: Sequence[Promise]) -> None:
    """Held against the ledger, whatever is not open is as the ledger has it."""
    held = Promises(promises, lambda: ROOT.gateway_keys)
    for verified in _VERIFIED:
        held.see(verified)
    waiting = held.open()
    assert held.kept + len(waiting) == len(set(promises))
    for one in set(promises):
        assert (one in waiting) == (one.digest not in _DIGESTS)
        assert one.position > _LAST or one not in waiting
        assert _AT.get(one.position, (one.stored_at, one.digest)) == (one.stored_at, one.digest)


def _files(value: object) -> dict[str, bytes]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise Refused(Fault("SCHEMA", "", "files by name"))
    return {name: text.encode("latin-1", "replace") for name, text in value.items()}


def _token(claims: bytes) -> bytes:
    return jws.sign_compact(claims, typ=jws.RECEIPT, key=GATEWAY).encode()


def _claims() -> Iterator[dict[str, Any]]:
    """What the gateway has promised for each message of an agency."""
    for one in _VERIFIED:
        if one.leaf.envelope:
            said = strict_json.parse(read_envelope(one.leaf.envelope, typ=MESSAGE).payload)
            ruling = one.leaf.ruling
            at = {"position": ruling.position, "stored_at": ruling.stored_at}
            yield {"id": said["id"], "digest": one.digest, **at, "from": said["from"]}


def _receipt_files() -> Iterator[bytes]:
    """Tokens, and what an agency keeps as `evidence.jsonl`, with a refusal."""
    yield b"\n".join(map(_token, _PAYLOADS))
    kept = [{"id": "x", "digest": "x", "receipt": _token(payload).decode()} for payload in _PAYLOADS]
    yield b"\n".join(map(strict_json.dump, [*kept, {"id": "x", "digest": "x", "refusal": None}]))


def _stored_at(verified: Verified) -> int:
    return instant.parse(verified.leaf.ruling.stored_at)


def _verified() -> tuple[Verified, ...]:
    seen: list[Verified] = []
    Audit(FILES, ROOT).run(seen.append)
    return tuple(seen)


_VERIFIED: Final = _verified()
_DIGESTS: Final = {one.digest for one in _VERIFIED}
_LAST: Final = _VERIFIED[-1].leaf.ruling.position
_CLAIMS: Final = tuple(_claims())
_AT: Final = {one.leaf.ruling.position: (_stored_at(one), one.digest) for one in _VERIFIED if one.digest}
_ONE: Final = {**_CLAIMS[-1], "hub": ROOT.origin}
_MANY: Final = [{name: said for name, said in one.items() if name != "from"} for one in _CLAIMS]
_PAYLOADS: Final = (strict_json.dump(_ONE), strict_json.dump(_MANY))
_LAPSE: Final = next(one.index for one in MADE.leaves if not one.leaf.envelope)
_MESSAGE: Final = 4
_DOSSIERS: Final = (
    dossier_making.make(sealed(LEAVES[: _MESSAGE + 1]), ROOT_BYTES, str(_MESSAGE)).files,
    {**dossier_making.assembled(FILES, ROOT_BYTES, _LAPSE, [], ROOT), PAGE: b""},
)

TARGETS: Final = (
    Target("receipts", receipts, tuple(_receipt_files()), 1 << 20),
    Target("promised", promised, _PAYLOADS, MAX_TOKEN // 2),
    Target("dossier_zip", dossier_zip, (*map(pack, _DOSSIERS), pack({})), 1 << 20),
    Target(
        "dossier",
        dossier,
        tuple(strict_json.dump({name: raw.decode("latin-1") for name, raw in files.items()}) for files in _DOSSIERS),
        1 << 20,
    ),
)
