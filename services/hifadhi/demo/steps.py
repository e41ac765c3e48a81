"""The steps of which scenarios are made: each says what it expects, and a demo that gets something else ends loudly."""

from typing import Any, TypeAlias

from hifadhi.agency.client import Client
from hifadhi.agency.receiving.opening import Item
from hifadhi.agency.sending.sent import Sent
from hifadhi.demo.narrator import evidence, opened, say
from hifadhi.errors import Refused, Tampered

WAIT_S = 5

Facts: TypeAlias = dict[str, Any]
"""What a header says, by name."""


def recorded(sent: Sent) -> str:
    """The id of a message that counts from now on."""
    evidence(sent)
    if not sent.is_recorded:
        raise Tampered(f"a message of the demo was not recorded: {sent.ruling}")
    return sent.id


def turned_down(sent: Sent, code: str) -> None:
    """The registry refused it with this code, and sealed the refusal."""
    evidence(sent)
    if sent.ruling is None or sent.ruling.code != code:
        raise Tampered(f"the registry should have refused this with {code}: {sent.ruling}")


def unsendable(refused: Refused | None, code: str) -> None:
    """The sender's own edge refused it with this code, before anything was sealed."""
    if refused is None or code not in {fault.code for fault in refused.faults}:
        raise Tampered(f"the edge should have refused this with {code}: {refused}")
    for fault in refused.faults:
        say(f"    refused before sealing: {fault.code} at {fault.pointer}: {fault.message}")


async def received(client: Client) -> list[Item]:
    """What has come; its system has answered what a system answers by itself."""
    items = await client.receive_once(wait_s=WAIT_S)
    opened(client.agency, items)
    for item in items:
        if item.problems:
            raise Tampered(f"{client.agency} could not use leaf {item.index}: {item.problems}")
    return items


async def standing(client: Client, case: str) -> dict[str, Any]:
    """How the case stands."""
    return await client.case(case)


async def version(client: Client, case: str, referral: str | None = None) -> int:
    """The version that a decision has to have seen: the referral's, or the case's."""
    stands = await client.case(case)
    if referral is None:
        return int(stands["version"])
    return int(next(one["version"] for one in stands["referrals"] if one["id"] == referral))


async def state(client: Client, case: str, referral: str) -> str:
    """Where a referral stands."""
    stands = await client.case(case)
    return str(next(one["state"] for one in stands["referrals"] if one["id"] == referral))


async def responsible(client: Client, case: str, expected: str | None) -> None:
    """Who owes protection at this moment, as expected."""
    found = (await client.case(case))["responsible"]
    if found != expected:
        raise Tampered(f"{found} is responsible, not {expected}")
    say(f"    responsible now: {found or 'nobody, the case is closed'}")
