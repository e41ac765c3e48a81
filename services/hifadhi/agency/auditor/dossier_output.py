"""What `verify` and `evidence` print of a dossier."""

from pathlib import Path
from typing import Any

from hifadhi.agency.auditor.dossier import Proven
from hifadhi.agency.auditor.dossier_making import Made
from hifadhi.evidence.b64 import encode
from hifadhi.evidence.leaf import LAPSED


def fields(proven: Proven) -> dict[str, Any]:
    """What a dossier proves as JSON says it."""
    ruling, header = proven.leaf.ruling, proven.header
    said = {"type": header.type, "id": header.id, "from": header.sender} if header else {}
    return {
        "verified": True,
        "origin": proven.checkpoint.origin,
        "index": proven.index,
        "leaves": proven.checkpoint.size,
        "root": encode(proven.checkpoint.root),
        "ruling": ruling.ruling,
        **({"code": ruling.code} if ruling.code else {}),
        **({"clock": ruling.clock, "due": ruling.due} if ruling.ruling == LAPSED else {}),
        "stored_at": ruling.stored_at,
        **said,
        "signers": [{"agency": signer.agency, "kid": signer.key.kid} for signer in proven.signers],
        "findings": [{"code": one.code, "agency": one.agency, "kid": one.kid} for one in proven.findings],
    }


def words(proven: Proven) -> str:
    """The same in words, with what it does not prove."""
    ruling, header = proven.leaf.ruling, proven.header
    what = f"{header.type} {header.id}" if header else "a message that breaks its schema"
    if ruling.ruling == LAPSED:
        what = f"the {ruling.clock} clock ran out at {ruling.due}"
    lines = [
        f"VERIFIED  leaf {proven.index} of {proven.checkpoint.origin}, in its tree of {proven.checkpoint.size} leaves",
        f"  what      {what}",
        f"  ruling    {ruling.ruling}{f' {ruling.code}' if ruling.code else ''}, stored at {ruling.stored_at}",
        *(f"  signed    {signer.agency} (key {signer.key.kid})" for signer in proven.signers),
        "  checked   the checkpoint's signature; leaf and directory in its tree; the directory from root.json on;",
        "            every signature by the directory as it stood",
        "  not here  whether the ruling follows from earlier leaves: 'hifadhi verify' on the whole ledger says that",
    ]
    found = [f"  {one.code} {one.agency} (key {one.kid}): {one.message}" for one in proven.findings]
    return "\n".join([*lines, *(["To look at:", *found] if found else [])])


def written(target: Path, made: Made) -> str:
    """What was written."""
    others = f"; other leaves with this id: {', '.join(map(str, made.others))}" if made.others else ""
    return f"{target}: proves leaf {made.proven.index} of {made.proven.checkpoint.origin}{others}"
