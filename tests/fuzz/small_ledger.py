"""A small exchange's ledger, the same in every process: what the targets of an auditor are fed with and judged by."""

from collections.abc import Mapping, Sequence
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fuzz import fixed_key
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral import instant
from hifadhi.referral.root import Root
from ledger_maker import ORIGIN, LedgerMaker
from sealed_ledgers import DAY, archive

LEDGER: Final = fixed_key.ed25519("ledger")
GATEWAY: Final = fixed_key.ed25519("gateway")


class _Maker(LedgerMaker):
    """One whose root could be handed out: a key for each use."""

    @property
    def root(self) -> Root:
        root = super().root.model_dump(mode="json")
        return Root.model_validate({**root, "hub": {"ledger": [_public(LEDGER)], "gateway": [_public(GATEWAY)]}})


def _public(key: PrivateJwk) -> dict[str, str]:
    return key.public.as_dict()


def sealed(leaves: Sequence[bytes]) -> dict[str, bytes]:
    """The files of a ledger of any leaves, by its own ledger key."""
    private = LEDGER.key
    assert isinstance(private, Ed25519PrivateKey)
    return archive(leaves, private, ORIGIN)


def _made() -> LedgerMaker:
    """Two agencies, a request that nobody answers, another root, and a key that was in doubt before it was revoked."""
    made = _Maker.with_agencies(("MZ-INAR", "ZA-DHA"), new_key=fixed_key.ed25519)
    made.request(made.open_case())
    made.tick(10 * DAY)
    said = {"format": 1, "from": "GOVERNANCE", "sent_at": instant.write(made.now_ms), "sequence": 1}
    rotated = {**made.root.model_dump(mode="json"), "max_delay_s": 120}
    rotation = {"type": "governance.rotated", "version": 1, "root": rotated}
    doubted = {"agency": "MZ-INAR", "kid": made.keys["MZ-INAR"].kid, "invalid_since": "2026-11-23T10:00:00.000Z"}
    for facts in (rotation, {"type": "key.revoked", **doubted}):
        made.submit({**said, "id": made.next_id(), **facts}, made.governance)
    return made


MADE: Final = _made()
ROOT: Final[Root] = MADE.root
ROOT_BYTES: Final = strict_json.dump(ROOT.model_dump(mode="json"))
LEAVES: Final = tuple(one.leaf.to_bytes() for one in MADE.leaves)
FILES: Final[Mapping[str, bytes]] = sealed(LEAVES)
STATEMENTS: Final = tuple(one.index for one in MADE.leaves if one.is_statement)
