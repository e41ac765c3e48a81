"""A receiver's reading key changes while referrals flow: each is opened, whichever key it was sealed to."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from exchange_processes import ExchangeProcesses
from hifadhi.agency.client import Client
from hifadhi.agency.composing import compose
from hifadhi.agency.composing.compose import Draft
from hifadhi.agency.directory import new_home
from hifadhi.agency.directory.directory_office import DirectoryOffice
from hifadhi.agency.home.journal import Journal
from hifadhi.agency.home.keyring import Keyring
from hifadhi.agency.receiving.opening import Item
from hifadhi.demo import people
from hifadhi.demo.stage import Running, Stage, stage
from hifadhi.evidence.key_kinds import ES256, P256
from hifadhi.referral.header import Header
from kafka_cluster import KafkaCluster
from ledger_verified import verified
from live.key_load import until
from live.production import standing_on
from postgres_server import PostgresServer

SENDER, RECEIVER = "MZ-INAR", "ZA-DHA"
REQUEST = "referral.requested"
READ = {"content", "sensitive"}


@asynccontextmanager
async def opened(folder: Path, kafka: KafkaCluster, postgres: PostgresServer) -> AsyncIterator[Stage]:
    """The two agencies at an exchange as it is run; its ledger verifies at the end."""
    environment = await standing_on(kafka, postgres)

    @asynccontextmanager
    async def processes(data: Path) -> AsyncIterator[Running]:
        services = ("registry", "delivery", "gateway")
        async with ExchangeProcesses(data, folder / "services", environment, services) as running:
            yield running

    async with stage(folder, processes, lambda _: None, (SENDER, RECEIVER)) as made:
        yield made
        assert (await verified(made)).findings == ()


class Referrals:
    """One after the other, each of a case of its own. `sent`: their ids; `opened`: by id, as the receiver has them."""

    def __init__(self, sender: Client) -> None:
        self._sender, self._goes_on = sender, True
        self.sent: list[str] = []
        self.opened: dict[str, Item] = {}

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Sent without end, until the block is left."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send())
            yield
            self._goes_on = False

    @asynccontextmanager
    async def opened_by(self, receiver: Client) -> AsyncIterator[None]:
        """Opened by this program, which takes what it has begun before it ends."""
        async with asyncio.TaskGroup() as group:
            ends = asyncio.Event()
            group.create_task(self._open(receiver, ends))
            yield
            ends.set()

    async def flow(self) -> None:
        """Some more are sent from now on, and opened."""
        first = len(self.sent)
        await until(lambda: len(self.sent) >= first + 3 and self.opened.keys() >= set(self.sent[first : first + 3]))

    async def draft(self) -> Draft:
        """A referral of a case that was just opened."""
        case = (await self._sender.send("encounter.reported", bodies=people.girl_found())).id
        facts = {"to": [RECEIVER], "case": case, "seen": 1, "kind": "service", "urgency": "urgent"}
        bodies = people.girl_referred(RECEIVER, purposes=["FAMILY_TRACING"], reasons="Her aunt lives there.")
        return Draft.of(REQUEST, facts, bodies)

    async def _send(self) -> None:
        while self._goes_on:
            sent = await self._sender.send_draft(await self.draft())
            assert sent.is_recorded, sent
            self.sent.append(sent.id)

    async def _open(self, receiver: Client, ends: asyncio.Event) -> None:
        while not ends.is_set():
            for item in await receiver.receive_once(wait_s=1):
                if item.header and item.header.type == REQUEST:
                    self.opened[item.header.id] = item


async def renewed(made: Stage) -> Keyring:
    """The receiver's new home, its keys in the directory; done again, it knows what the old one has taken since."""
    async with DirectoryOffice(made.root, made.base_url) as office:
        old, new = Keyring.load(made.home(RECEIVER)), made.folder / "new-home"
        return await new_home.renew(old, new, office, signing=ES256, reading=P256)


async def revoked(made: Stage, keyring: Keyring, kid: str) -> None:
    """The receiver revokes a key of its own."""
    async with DirectoryOffice(made.root, made.base_url) as office:
        await office.revoke_own(kid, keyring.identity, Journal(keyring.home / new_home.IDENTITY_JOURNAL))


def reading_key(keyring: Keyring) -> str:
    """The kid of the newest of the kind that this sender can seal to."""
    return next(key.kid for key in keyring.read if key.public.kind == P256)


async def sealed_to(receiver: Client) -> dict[int, set[str]]:
    """By index, the keys to which what the inbox has was sealed."""
    found, after, done = dict[int, set[str]](), -1, False
    while not done:
        page = await receiver.exchange.inbox(after=after, limit=100)
        found |= {row.index: {kid for part in row.parts.values() for kid in kids(part)} for row in page.rows}
        after, done = page.after, page.done
    return found


def kids(part: str) -> set[str]:
    return {one["header"]["kid"] for one in json.loads(part)["recipients"]}


async def answers(sender: Client, count: int) -> list[tuple[str, str]]:
    """What the receiver has answered, by type and referral, once there are so many."""
    found = list[tuple[str, str]]()
    async with asyncio.timeout(30):
        while len(found) < count:
            headers = [item.header for item in await sender.receive_once(wait_s=1) if item.header]
            found += [(one.type, asked_by(one)) for one in headers if one.sender == RECEIVER]
    return found


def asked_by(answer: Header) -> str:
    """The message that it answers."""
    return str(getattr(answer, "referral", None) or getattr(answer, "in_reply_to", None))


async def test_a_reading_key_rotates_while_referrals_flow_and_each_is_opened(
    tmp_path: Path, kafka: KafkaCluster, postgres: PostgresServer
) -> None:
    async with opened(tmp_path, kafka, postgres) as made:
        sender, before = made.clients[SENDER], made.clients[RECEIVER]
        referrals, old = Referrals(sender), reading_key(before.keyring)
        late = compose.seal(await referrals.draft(), sender=SENDER, directory=sender.directory)
        async with referrals.flowing():
            async with referrals.opened_by(before):
                await referrals.flow()
                await renewed(made)
                await referrals.flow()
                await sender.refresh_directory()  # or it would seal to the old key for ten seconds
                await referrals.flow()  # and the program with the old home opens what is sealed to the new one
                between = referrals.sent[-1]
            keyring = await renewed(made)
            async with Client(keyring, made.root, made.base_url) as after, referrals.opened_by(after):
                await referrals.flow()
                await revoked(made, keyring, old)
                assert await sender.outbox.send(late)  # sealed to the old key before, sent after it was revoked
                await referrals.flow()
        sent = {*referrals.sent, late.id}
        async with Client(keyring, made.root, made.base_url) as after, referrals.opened_by(after):
            await until(lambda: referrals.opened.keys() >= sent)
            sealed = await sealed_to(after)
        new, items = reading_key(keyring), referrals.opened
        assert {(item.problems, item.bounces) for item in items.values()} == {((), None)}
        assert all(item.bodies.keys() >= READ for item in items.values())
        to = {name: sealed[item.index] & {old, new} for name, item in items.items()}
        assert to[referrals.sent[0]] == to[late.id] == {old}
        assert to[between] == to[referrals.sent[-1]] == {new}
        assert Counter(await answers(sender, len(sent))) == Counter({("referral.received", name): 1 for name in sent})
