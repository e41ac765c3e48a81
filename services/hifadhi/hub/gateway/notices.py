"""What the gateway signs: receipts and refusals. Its words can be held against it, so they say little and exactly."""

from collections.abc import Sequence

from hifadhi.errors import Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.jws import RECEIPT, REFUSAL, sign_compact
from hifadhi.hub.gateway.reception import Posted
from hifadhi.referral import instant
from hifadhi.stream.port import Appended


class Notary:
    """Signs with the hub's gateway key, in the exchange's name."""

    def __init__(self, key: PrivateJwk, hub: str) -> None:
        self._key, self._hub = key, hub

    def receipt(self, posted: Posted, stored: Appended) -> str:
        """These bytes are stored and will be ruled on."""
        claims = {"id": posted.header.id, "digest": posted.envelope.digest, "from": posted.header.sender}
        at = {"position": stored.position, "stored_at": instant.write(stored.time_ms)}
        return self._sign({**claims, **at, "hub": self._hub}, RECEIPT)

    def batch_receipt(self, accepted: Sequence[tuple[Posted, Appended]]) -> str:
        """The same for a list."""
        listed = [
            {
                "id": posted.header.id,
                "digest": posted.envelope.digest,
                "position": stored.position,
                "stored_at": instant.write(stored.time_ms),
            }
            for posted, stored in accepted
        ]
        return self._sign(listed, RECEIPT)

    def refusal(self, refused: Refused, digest: str, now_ms: int) -> str:
        """These bytes were not taken now, for this reason, and nothing of them was stored now.

        Of an earlier posting of the same bytes, perhaps under another directory, it says nothing.
        """
        errors = [{"pointer": fault.pointer, "code": fault.code} for fault in refused.faults]
        claims = {"digest": digest, "code": refused.code, "errors": errors}
        return self._sign({**claims, "refused_at": instant.write(now_ms), "hub": self._hub}, REFUSAL)

    def _sign(self, claims: object, typ: str) -> str:
        return sign_compact(strict_json.dump(claims), typ=typ, key=self._key)
