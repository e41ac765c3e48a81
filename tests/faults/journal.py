"""What agencies hold when the exchange has died a few times: all that they posted, were promised and were shown."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cast import Body, Cast
from hifadhi.evidence import jws, strict_json
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.ledger_keys import LedgerKeys
from hub_ledger import digest_of


@dataclass
class Journal:
    """By digest: the bodies and the receipts. By agency and index: the leaves of inboxes. In order: checkpoints.

    `complaints`: what an honest agency should never have been told.
    """

    cast: Cast
    posted: dict[str, Body] = field(default_factory=dict)
    receipts: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    shown: dict[str, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    checkpoints: list[Checkpoint] = field(default_factory=list)
    strange: list[bytes] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def add(self, bodies: Iterable[Body]) -> list[Body]:
        """They are ours from here on."""
        added = list(bodies)
        self.posted |= {digest_of(body): body for body in added}
        return added

    def missing(self, bodies: Iterable[Body]) -> list[Body]:
        """Those that have no receipt yet."""
        return [body for body in bodies if digest_of(body) not in self.receipts]

    def keep(self, receipt: str) -> None:
        """One receipt, of a message or of a batch."""
        key = self.cast.gateway.public
        said: Any = strict_json.parse(jws.verify_compact(receipt, typ=jws.RECEIPT, keys={key.kid: key})[1])
        for one in said if isinstance(said, list) else [said]:
            self.receipts[one["digest"]].append(one)

    def show(self, agency: str, items: Iterable[Any]) -> None:
        """A page of an inbox. What was shown once stays as it was, and nothing is slipped in before it."""
        for item in items:
            index, leaf, known = item["index"], item["leaf"], self.shown[agency]
            if known.get(index, leaf) != leaf:
                self.complaints.append(f"the inbox of {agency} shows another leaf at index {index} than before")
            if index not in known and index < max(known, default=-1):
                self.complaints.append(f"the inbox of {agency} shows index {index} behind a later one")
            known[index] = leaf

    def see(self, note: bytes) -> None:
        """A checkpoint."""
        self.checkpoints.append(LedgerKeys.of(self.cast.root).open(note))

    @property
    def repeats(self) -> int:
        """Receipts for what had one already."""
        return sum(len(found) - 1 for found in self.receipts.values())
