"""Agencies with keys of every kind at one exchange: what is sealed in which suite, and that all of it opens."""

from pathlib import Path
from typing import Any, Final

import pytest

from hifadhi.agency.client import Client
from hifadhi.agency.commands.output import item_json
from hifadhi.agency.composing import compose
from hifadhi.agency.composing.compose import Draft, statement
from hifadhi.agency.directory.enrolment import new_agency
from hifadhi.agency.home.keyring import Keyring, create_key
from hifadhi.agency.receiving.opening import Item
from hifadhi.errors import Refused
from hifadhi.evidence.key_kinds import ECDH_ES_A256KW, ED25519, ES256, HPKE_9_KE, P256, X25519
from hifadhi.referral.directory import Agency, Directory, Key
from sealed_ledgers import the_root
from unit.agency import said
from unit.agency.conftest import AGENCIES, NOW_MS, ClientOf
from unit.agency.small_hub import SmallHub

WEAK, STRONG = ECDH_ES_A256KW, HPKE_9_KE
# By world, what each agency signs with and is sealed to, and the suite of each part of a request of MZ-INAR to ZA-DHA.
WORLDS: Final = {
    "all strong": (
        {"MZ-INAR": (ES256, HPKE_9_KE), "ZA-DHA": (ED25519, HPKE_9_KE), "IO-COUNT": (ES256, HPKE_9_KE)},
        {"content": STRONG, "sensitive": STRONG, "statistics": STRONG},
    ),
    "statistics weak": (
        {"MZ-INAR": (ED25519, HPKE_9_KE), "ZA-DHA": (ES256, HPKE_9_KE), "IO-COUNT": (ED25519, X25519)},
        {"content": STRONG, "sensitive": STRONG, "statistics": WEAK},
    ),
    "receiver weak": (
        {"MZ-INAR": (ED25519, HPKE_9_KE), "ZA-DHA": (ES256, P256), "IO-COUNT": (ES256, HPKE_9_KE)},
        {"content": WEAK, "sensitive": WEAK, "statistics": STRONG},
    ),
    "both curves": (
        {"MZ-INAR": (ES256, X25519), "ZA-DHA": (ES256, P256), "IO-COUNT": (ES256, X25519)},
        {"content": WEAK, "sensitive": WEAK, "statistics": WEAK},
    ),
}


@pytest.fixture(params=WORLDS)
def world(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def homes(world: str, tmp_path: Path) -> dict[str, Keyring]:
    made = {}
    for agency, (country, roles) in AGENCIES.items():
        signing, reading = WORLDS[world][0].get(agency, (ED25519, HPKE_9_KE))
        facts: Any = {"name": agency, "country": country, "utc_offset": "+02:00"}
        made[agency] = new_agency(tmp_path / agency, agency, **facts, roles=roles, signing=signing, reading=reading)
    return made


async def _asked(sender: Client) -> str:
    sent = await said.ask(sender, await said.open_case(sender))
    assert sent.is_recorded, sent
    return sent.id


async def _received(receiver: Client, message: str) -> Item:
    return next(item for item in await receiver.receive_once() if item.header and item.header.id == message)


def _suites(item: Item) -> dict[str, str]:
    assert item.header
    return {entry.name: entry.suite for entry in item.header.part_entries}


async def test_a_part_is_sealed_in_the_suite_of_its_weakest_reader_and_opens(client: ClientOf, world: str) -> None:
    async with client("MZ-INAR") as sender, client("ZA-DHA") as receiver, client("IO-COUNT") as counter:
        request = await _asked(sender)
        item = await _received(receiver, request)
        assert _suites(item) == WORLDS[world][1]
        assert (item.problems, item.bounces, item.weaker) == ((), None, ())
        assert item.bodies.keys() == {"content", "sensitive"}
        assert (await _received(counter, request)).bodies.keys() == {"statistics"}


@pytest.mark.parametrize("world", ["receiver weak"], indirect=True)
async def test_what_is_sealed_more_weakly_than_need_be_is_said_and_not_bounced(
    client: ClientOf, admitted: dict[str, Keyring], hub: SmallHub
) -> None:
    async with client("MZ-INAR") as sender:
        request = await _asked(sender)
    keyring = admitted["ZA-DHA"]
    new = create_key(keyring.home / "read-new.jwk", HPKE_9_KE)
    facts = {"agency": "ZA-DHA", "key": new.public.as_dict()}
    added = statement("reading_key.added", sender="ZA-DHA", facts=facts)
    assert hub.take(added.sign(number=4, now_ms=NOW_MS, keys=(keyring.identity,)).line)[0] == 202
    async with client("ZA-DHA") as receiver:
        await receiver.refresh_directory()
        item = await _received(receiver, request)
    assert (item.problems, item.bounces, item.weaker) == ((), None, ("content", "sensitive"))
    assert item_json(item)["weaker"] == ["content", "sensitive"]


def _directory(homes: dict[str, Keyring]) -> Directory:
    agencies = {a: Agency(a, a, country, frozenset(roles), "+02:00") for a, (country, roles) in AGENCIES.items()}
    keys = {key.kid: Key(ring.agency, "read", key.public) for ring in homes.values() for key in reversed(ring.read)}
    return Directory(agencies, keys, the_root())


@pytest.mark.parametrize("world", ["receiver weak"], indirect=True)
def test_readers_without_a_suite_in_common_are_refused_with_what_is_missing(homes: dict[str, Keyring]) -> None:
    whole = _directory(homes)
    assert whole.suite_of(("MZ-INAR", "ZA-DHA")) == WEAK
    p256 = homes["MZ-INAR"].read[1]
    assert p256.public.kind == P256
    without = Directory(whole.agencies, {kid: key for kid, key in whole.keys.items() if kid != p256.kid}, the_root())
    assert without.suite_of(("MZ-INAR", "ZA-DHA")) is None
    facts = {"to": ["ZA-DHA"], "case": "019e0000-0000-7000-8000-000000000001", "kind": "responsibility"}
    draft = Draft.of("referral.requested", {**facts, "urgency": "urgent", "seen": 1}, said.request())
    with pytest.raises(Refused, match="no suite in common") as refused:
        compose.seal(draft, sender="MZ-INAR", directory=without)
    assert [(fault.code, fault.pointer) for fault in refused.value.faults] == [("READER_UNKNOWN", "/content")]


@pytest.mark.parametrize("world", ["all strong"], indirect=True)
def test_a_revoked_key_counts_for_no_suite(homes: dict[str, Keyring]) -> None:
    whole = _directory(homes)
    hybrid = homes["ZA-DHA"].read[0]
    assert (hybrid.public.kind, whole.suite_of(("MZ-INAR", "ZA-DHA"))) == (HPKE_9_KE, STRONG)
    revoked = {**whole.keys, hybrid.kid: Key("ZA-DHA", "read", hybrid.public, revoked=True)}
    assert Directory(whole.agencies, revoked, the_root()).suite_of(("MZ-INAR", "ZA-DHA")) == WEAK
    assert Directory(whole.agencies, revoked, the_root()).suite_of(("MZ-INAR", "IO-COUNT")) == STRONG
