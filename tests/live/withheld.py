"""Good messages that reach an exchange and must not be stored: refused as a whole, or never whole."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from cast import Body, Cast, payload_of
from hub_client import HubClient
from hub_ledger import digest_of
from stored import Stored, parts_of

SENDER: Final = "TZ-RSD"
"""It sends nothing else: numbers of its that nobody took leave no gap in what the honest agency sends."""
SAMPLE: Final = 100


@dataclass
class Withheld:
    """All of them, in the order in which they were made."""

    cast: Cast
    bodies: list[Body] = field(default_factory=list)

    def one(self) -> bytes:
        """A new one, as an honest agency would post it."""
        body = self.cast.encounter(SENDER)
        self.bodies.append(body)
        return json.dumps(body).encode()

    def check_absent(self, stored: Stored, sealed: Iterable[str]) -> None:
        """None of them stands anywhere, nor a part of one. `sealed`: digests of the ledger's messages."""
        ids = {payload_of(body)["id"] for body in self.bodies}
        parts = {digest for body in self.bodies for digest in parts_of(body)}
        assert not ids & stored.messages.keys(), "a message that was refused, or never whole, is stored"
        assert not parts & stored.parts, "a part of a message that was refused, or never whole, is stored"
        assert not {digest_of(body) for body in self.bodies} & set(sealed)

    async def post_some(self, client: HubClient) -> list[Body]:
        """Some of them, from first to last, posted whole at last: that they are taken shows that all could be."""
        some = self.bodies[:: max(1, len(self.bodies) // SAMPLE)]
        lines = (await client.post_lines(some))[:-1] if some else []
        assert [line["status"] for line in lines] == [202] * len(some), lines
        return some
