"""What a real exchange leaves behind: its ledger, the hub's own keys, and what agencies and an auditor have in hand.

One short history over HTTP with the agencies' own clients: a girl is found, another state is asked to take charge of
her and is silent for a month, two states agree on shorter times, she is accepted late. The ledger has two keys.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hifadhi.agency.auditor.archive import Archive
from hifadhi.agency.auditor.mirror import Mirror
from hifadhi.agency.client import Client
from hifadhi.agency.directory.governance import LEDGER_PQ
from hifadhi.agency.home.keyring import Keyring, read_key
from hifadhi.agency.sending.sent import Sent
from hifadhi.agency.wire.access_token import AccessToken
from hifadhi.agency.wire.exchange import InboxRow
from hifadhi.agency.wire.transport import Transport
from hifadhi.demo import papers, people
from hifadhi.demo.stage import AUDITOR, Clock, Stage, embedded, stage
from hifadhi.demo.steps import Facts
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.tiles import ENTRIES, Tile, parse_bundle
from hifadhi.referral.root import Root

PLAYERS = ("MZ-INAR", "TZ-RSD", "ZA-DHA")
CORRIDOR = {
    "arrangement": "MZ-ZA-2026",
    "other": "ZA-DHA",
    "deadlines": [{"clock": "reply", "urgency": "standard", "days": 14}],
    "observers": [],
    "legal_bases": ["OAU69:VIII"],
}


@dataclass(frozen=True)
class RealExchange:
    """`index`: where what happened stands in the ledger, by name. `earlier`: an auditor's mirror of another day."""

    root: Root
    ledger_key: PrivateJwk
    ledger_pq_key: PrivateJwk
    gateway_key: PrivateJwk
    files: Mapping[str, bytes]
    earlier: Mapping[str, bytes]
    index: Mapping[str, int]
    receipts: Mapping[str, bytes]
    checkpoints: Mapping[str, bytes]
    inbox: tuple[InboxRow, ...]
    directory_page: bytes
    keyrings: Mapping[str, Keyring]

    @property
    def leaves(self) -> list[bytes]:
        """As they are sealed."""
        size = int(self.files["checkpoint"].split(b"\n")[1])
        return parse_bundle(self.files[Tile(ENTRIES, 0, size).path()], size)

    @property
    def root_bytes(self) -> bytes:
        """`root.json`, as it was handed out."""
        return self.root.model_dump_json().encode()


async def play(folder: Path) -> RealExchange:
    """Runs it, and takes everything along."""
    clock = Clock()
    run = partial(embedded, port=0, tell=lambda _: None, clock=clock)
    async with stage(folder, run, lambda _: None, PLAYERS, clock, post_quantum=True) as made:
        index = await _asked(made)
        earlier = await _mirrored(made, "earlier")
        index |= await _answered(made)
        return await _taken_along(made, index, earlier)


async def _asked(made: Stage) -> dict[str, int]:
    mozambique, home = made.clients["MZ-INAR"], made.clients["ZA-DHA"]
    opened = await mozambique.send("encounter.reported", bodies=people.girl_found())
    bodies = people.girl_referred("ZA-DHA", purposes=["TAKE_CHARGE"], reasons="Her aunt lives there.")
    asked = await mozambique.send(
        "referral.requested", to=["ZA-DHA"], bodies=bodies, case=opened.id, seen=1, kind="responsibility",
        urgency="standard",
    )  # fmt: skip
    await home.receive_once(wait_s=5)
    await _told(mozambique, "referral.received")
    yes = papers.accepted("ZA-DHA", "ZAF", basis="CRC:22")
    about: Facts = {"case": opened.id, "referral": asked.id}
    stale = await home.send("referral.accepted", to=["MZ-INAR"], bodies=yes, seen=7, **about)
    return {"opened": _at(opened), "asked": _at(asked), "stale": _at(stale)}


async def _answered(made: Stage) -> dict[str, int]:
    mozambique, tanzania, home = (made.clients[name] for name in PLAYERS)
    made.clock.wait(days=40)
    arranged = await mozambique.declare("arrangement.published", CORRIDOR, second=home.keyring.sign)
    unrelated = await tanzania.send("encounter.reported", bodies=_found_in("TZA"))
    request = next(item for item in await home.inbox.look() if item.bodies)
    assert request.header
    about: Facts = {"case": request.header.about, "referral": request.header.id, "to": ["MZ-INAR"]}
    seen = next(r["version"] for r in (await home.case(request.header.about))["referrals"])
    yes = papers.accepted("ZA-DHA", "ZAF", basis="CRC:22")
    accepted = await home.send("referral.accepted", bodies=yes, seen=seen, **about)
    last = await tanzania.send("encounter.reported", bodies=_found_in("TZA"))
    sent = {"unrelated": unrelated, "arranged": arranged, "accepted": accepted, "last": last}
    return {name: _at(one) for name, one in sent.items()}


async def _taken_along(made: Stage, index: dict[str, int], earlier: Mapping[str, bytes]) -> RealExchange:
    for client in made.clients.values():
        await client.receive_once(wait_s=1)  # each agency has the ledger's newest checkpoint now
    home = made.clients["ZA-DHA"]
    page, directory = await home.exchange.inbox(after=-1, limit=100), await home.exchange.directory(-1)
    exchange, homes = made.folder / "exchange", {name: made.home(name) for name in PLAYERS}
    return RealExchange(
        root=made.root,
        ledger_key=read_key(exchange / "ledger.jwk"),
        ledger_pq_key=read_key(exchange / LEDGER_PQ),
        gateway_key=read_key(exchange / "gateway.jwk"),
        files=await _mirrored(made, "mirror"),
        earlier=earlier,
        index=index,
        receipts={name: (home / "evidence.jsonl").read_bytes() for name, home in homes.items()},
        checkpoints={name: (home / "checkpoint").read_bytes() for name, home in homes.items()},
        inbox=page.rows,
        directory_page=directory,
        keyrings={name: made.clients[name].keyring for name in PLAYERS},
    )


async def _mirrored(made: Stage, name: str) -> Mapping[str, bytes]:
    token = AccessToken(AUDITOR, made.clients[AUDITOR].keyring.sign, made.base_url, made.clock.seconds)
    archive = Archive(made.folder / name)
    async with Transport(made.base_url, token=token) as transport:
        await Mirror(archive, transport, made.root).update()
    return dict(archive)


async def _told(client: Client, kind: str) -> None:
    """Waits until the inbox has brought a message of this type."""
    async for item in client.receive(wait_s=5):
        if item.header and item.header.type == kind:
            return


def _found_in(country: str) -> people.Body:
    bodies = people.girl_found()
    bodies["content"]["place"]["country"] = bodies["movement"]["country"] = country
    return bodies


def _at(sent: Sent) -> int:
    assert sent.ruling
    return sent.ruling.index
