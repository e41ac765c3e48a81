"""The sending access point of the Python peer: `sender.py PLAN` (see `plan.py`).

Each message is built, signed and encrypted anew, posted, and its receipt verified: the signature and the digests of
what was sent.
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

import aiohttp
import uvloop
from as4.peppol import (
    BusdoxDocidQnsDocumentIdentifier,
    PeppolAS4MessageBuilderArgs,
    PeppolAS4Profile,
    PeppolSendingExchange,
)
from parties import Parties

DOCUMENT: Final = "urn:hifadhi:benchmark::Body##urn:hifadhi:benchmark:1::1.0"
ADDRESSES: Final = PeppolAS4MessageBuilderArgs(
    sender="9915:sender",
    recipient="9915:receiver",
    document_type_identifier=BusdoxDocidQnsDocumentIdentifier.from_identifier_value(DOCUMENT),
    document_identification_instance_identifier="benchmark",
    process_identifier="urn:hifadhi:benchmark",
    c1_country_id="MZ",
)


class Sender:
    """One party with its connections, and what it has sent: the instant of beginning and of the verified receipt."""

    def __init__(self, plan: dict[str, Any], session: aiohttp.ClientSession) -> None:
        self._plan, self._session = plan, session
        self._parties = Parties.load(Path(plan["keys"]), "sender", "receiver")
        self._payload = Path(plan["payload"]).read_bytes()
        self._turn = 0

    async def run(self, seconds: float, rate: float) -> list[tuple[int, int]]:
        """As fast as the receipts come, or at a rate a second."""
        log: list[tuple[int, int]] = []
        begins, self._turn = time.monotonic(), 0
        async with asyncio.TaskGroup() as group:
            for worker in range(self._plan["connections"]):
                url = self._plan["urls"][worker % len(self._plan["urls"])]
                group.create_task(self._work(url, begins, begins + seconds, rate, log))
        return log

    async def _work(self, url: str, begins: float, ends: float, rate: float, log: list[tuple[int, int]]) -> None:
        while True:
            due = begins + self._turn / rate if rate else time.monotonic()
            self._turn += 1
            if due >= ends:
                return
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            began = time.monotonic_ns()
            await self._send(url)
            log.append((began, time.monotonic_ns()))

    async def _send(self, url: str) -> None:
        sending = PeppolSendingExchange(
            profile=PeppolAS4Profile, local_party=self._parties.ours, remote_party=self._parties.theirs
        )
        headers, body = sending.build(self._payload, ADDRESSES)
        async with self._session.post(url, data=body, headers=headers) as response:
            sending.mark_sent().receive_signal(await response.read())
        if not sending.successful:
            raise RuntimeError(f"not acknowledged: {sending.errors}")


async def main(plan: dict[str, Any]) -> None:
    """Warm up, say so, wait for the word, and send."""
    async with aiohttp.ClientSession() as session:
        sender = Sender(plan, session)
        await sender.run(plan["warm_up_s"], 0.0)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        log = await sender.run(plan["seconds"], plan["rate"])
    Path(plan["log"]).write_text("".join(f"{began} {done}\n" for began, done in log), encoding="utf-8")


if __name__ == "__main__":
    uvloop.run(main(json.loads(Path(sys.argv[1]).read_bytes())))
