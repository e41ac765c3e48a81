"""Ledgers in which everybody may lie: agencies and governance sign, and the hub rules and seals, whatever they like."""

from collections.abc import Sequence
from typing import Any, Final

from fuzz import fixed_key
from fuzz.signed_anew import signed_anew, unsigned
from fuzz.small_ledger import MADE, ROOT, ROOT_BYTES, sealed
from fuzz.target import Target
from hifadhi.agency.auditor.dossier import PAGE, open_dossier
from hifadhi.agency.auditor.dossier_making import assembled
from hifadhi.errors import Fault, Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.audit import Audit
from hifadhi.evidence.fold import NewLeaf
from hifadhi.evidence.leaf import FORMAT, MAX_BYTES
from hifadhi.evidence.report import Verified


def audited(raw: bytes) -> None:
    """The whole ledger, verified: every leaf is seen as it was sealed."""
    leaves = _leaves(strict_json.parse(raw))
    seen: list[Verified] = []
    report = Audit(sealed(leaves), ROOT).run(seen.append)
    assert [one.leaf.to_bytes() for one in seen] == leaves
    assert report.leaves == len(leaves) == report.recorded + report.refused + report.lapsed


def sealed_dossier(raw: bytes) -> None:
    """A dossier on the leaf at an index, with these statements: its signers are those who signed."""
    said = strict_json.members(strict_json.parse(raw), ("leaves", "index", "statements"))
    leaves, index, statements = _leaves(said["leaves"]), said["index"], said["statements"]
    _check_indexes([index, *statements] if isinstance(statements, list) else [], len(leaves))
    files = assembled(sealed(leaves), ROOT_BYTES, index, statements, ROOT)
    proven = open_dossier({**files, PAGE: b""}, ROOT)
    assert proven.leaf.to_bytes() == leaves[index]
    signers = said["leaves"][index]["envelope"]["by"] if proven.leaf.envelope else []
    assert [signer.key.kid for signer in proven.signers] == [fixed_key.ed25519(name).kid for name in signers]


def _leaves(value: Any) -> list[bytes]:
    if not isinstance(value, list):
        raise Refused(Fault("SCHEMA", "", "leaves in their order"))
    return [_leaf(one) for one in value]


def _leaf(value: Any) -> bytes:
    said = strict_json.members(value, ("ruling", "envelope"))
    envelope = strict_json.dump(signed_anew(said["envelope"])) if said["envelope"] is not None else b""
    raw = b"\n".join((FORMAT, strict_json.dump(said["ruling"]), envelope))
    if len(raw) > MAX_BYTES:
        raise Refused(Fault("TOO_LARGE", "", "no bundle holds this"))
    return raw


def _check_indexes(indexes: Sequence[Any], size: int) -> None:
    if not indexes or not all(type(index) is int and 0 <= index < size for index in indexes):
        raise Refused(Fault("SCHEMA", "", "indexes of leaves"))


def _told(one: NewLeaf) -> dict[str, Any]:
    """What stands for a leaf."""
    envelope = one.leaf.envelope
    return {"ruling": one.leaf.ruling.said(), "envelope": unsigned(envelope, _NAMES) if envelope else None}


_NAMES: Final = ("governance", *(f"identity {agency}" for agency in MADE.keys), *MADE.keys)
_ALL: Final = [_told(one) for one in MADE.leaves]
_FEW: Final = [0, 1, 4, 7, 8]
"""Of one agency: how it came in, what it said, another root, and its key revoked."""

TARGETS: Final = (
    Target("audited", audited, tuple(strict_json.dump(_ALL[:size]) for size in (0, 5, len(_ALL)))),
    Target(
        "sealed_dossier",
        sealed_dossier,
        tuple(
            strict_json.dump({"leaves": leaves, "index": index, "statements": statements})
            for leaves, index, statements in (
                ([_ALL[at] for at in _FEW], 2, [0, 1, 3, 4]),
                ([_ALL[at] for at in (0, 1, 6)], 2, [0, 1]),
            )
        ),
    ),
)
