"""A plan or a departure that its sender's edge should have stopped is bounced by the receiver's own.

The senders here seal without an edge. The receiver knows of the case what came to it before.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hifadhi.agency.client import Client
from hifadhi.agency.composing import compose
from hifadhi.agency.composing.compose import Draft
from hifadhi.agency.composing.message_id import new_id
from hifadhi.demo import adults, papers, people
from hifadhi.demo.stage import Stage
from hifadhi.demo.steps import Facts, version
from hifadhi.referral import edge
from hifadhi.referral.headers import MessageBounced
from ledger_verified import on_stage

MW, ZW = "MW-DOR", "ZW-DSW"
TYPES = ("transfer.proposed", "departure.confirmed")
Bodies = dict[str, Any]


@pytest.fixture
async def made(tmp_path: Path) -> AsyncIterator[Stage]:
    async with on_stage(tmp_path, (MW, ZW)) as opened:
        yield opened


async def bare(sender: Client, kind: str, bodies: Bodies, *, second: bool = False, **facts: Any) -> str:
    """The id of a message whose sender has no edge."""
    draft = Draft.of(kind, {**facts, "to": [ZW]}, bodies)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(edge, "check_body", lambda *_: None)
        sealed = compose.seal(draft, sender=MW, directory=sender.directory)
    await sender.outbox.send(sealed, second=sender.keyring.countersign if second else None)
    ruling = await sender.ruling(sealed.id)
    assert ruling and ruling.ruling == "recorded"
    return sealed.id


async def recorded(client: Client, message_type: str, **said: Any) -> str:
    sent = await client.send(message_type, **said)
    assert sent.is_recorded, sent
    return sent.id


async def accepted(made: Stage, case: str, bodies: Bodies) -> Facts:
    """A request that was accepted: its case and its id."""
    asks: Facts = {"kind": "responsibility", "urgency": "urgent", "case": case, "seen": 1}
    request = await recorded(made.clients[MW], "referral.requested", to=[ZW], bodies=bodies, **asks)
    yes = papers.accepted(ZW, "ZWE", basis="CRC:22")
    await recorded(made.clients[ZW], "referral.accepted", to=[MW], case=case, referral=request, seen=1, bodies=yes)
    return {"case": case, "referral": request}


async def travels_without_an_edge(made: Stage, kind: str, about: Facts) -> str:
    malawi, case, transfer = made.clients[MW], about["case"], new_id()
    plan = papers.plan(case, MW, "MWI", "2026-12-12T08:00")
    plans: Facts = {**about, "transfer": transfer, "arrival_due": "2026-12-13T16:00:00.000Z"}
    proposed = await bare(malawi, TYPES[0], plan, seen=await version(malawi, case, about["referral"]), **plans)
    if kind == TYPES[0]:
        return proposed
    left = papers.departure(case, MW, ("MWI", "ZWE"), "2026-12-12T08:10")  # irregular, for nobody agreed; a fact still
    return await bare(malawi, kind, left, second=True, transfer=transfer, **about)


async def bounced(made: Stage, message_id: str) -> list[str]:
    """The codes with which the receiver bounces the message."""
    while True:
        await made.clients[ZW].receive_once(wait_s=1)
        for item in await made.clients[MW].receive_once(wait_s=1):
            if isinstance(item.header, MessageBounced) and item.header.in_reply_to == message_id:
                assert item.header.reason == "SCHEMA"
                return [error.code for error in getattr(item.bodies["content"], "errors", ())]


def girl() -> tuple[Bodies, Bodies]:
    """Of whom nobody has looked at what is best for her."""
    met = adults.man_met("MWI", "2026-11-18T07:15")
    asks = people.girl_referred(ZW, purposes=["TAKE_CHARGE"], reasons="Her aunt lives there.", assessed=False)
    asks["content"]["contact"]["agency"] = MW
    return met, asks


def woman(*, hidden: bool = False) -> Bodies:
    """A request about a victim of trafficking; `hidden`: it does not say that she is one."""
    bodies = adults.woman_referred("TAKE_CHARGE")
    bodies["content"]["person"]["nationalities"] = ["KEN"]
    if hidden:
        del bodies["sensitive"]["trafficking"]
        bodies["sensitive"]["profiles"] = []
    return bodies


@pytest.mark.parametrize("kind", TYPES)
async def test_a_minor_for_whom_nobody_has_determined_what_is_best(made: Stage, kind: str) -> None:
    met, asks = girl()
    case = await recorded(made.clients[MW], "encounter.reported", bodies=met)
    about = await accepted(made, case, asks)
    assert await bounced(made, await travels_without_an_edge(made, kind, about)) == ["BEST_INTERESTS_MISSING"]


@pytest.mark.parametrize("kind", TYPES)
async def test_a_trafficked_woman_whose_consent_was_withdrawn(made: Stage, kind: str) -> None:
    malawi = made.clients[MW]
    case = await recorded(malawi, "encounter.reported", bodies=adults.woman_met())
    about = await accepted(made, case, woman())
    await recorded(malawi, "consent.changed", case=case, to=[ZW], bodies=papers.consent("withdrawn"))
    assert await bounced(made, await travels_without_an_edge(made, kind, about)) == ["CONSENT_MISSING"]


@pytest.mark.parametrize("kind", TYPES)
async def test_a_trafficked_woman_without_a_risk_assessment(made: Stage, kind: str) -> None:
    malawi = made.clients[MW]
    case = await recorded(malawi, "encounter.reported", bodies=adults.woman_met())
    again = adults.woman_met()
    again["content"]["person"]["nationalities"] = ["KEN"]
    await recorded(malawi, "encounter.reported", case=case, to=[ZW], bodies=again)  # it says that she is a victim
    about = await accepted(made, case, woman(hidden=True))
    assert await bounced(made, await travels_without_an_edge(made, kind, about)) == ["RISK_ASSESSMENT_MISSING"]


@pytest.mark.parametrize("kind", TYPES)
async def test_a_man_who_is_brought_where_he_fears_to_be(made: Stage, kind: str) -> None:
    malawi = made.clients[MW]
    met = adults.man_met("MWI", "2026-11-18T07:15")
    case = await recorded(malawi, "encounter.reported", bodies=met)
    afraid: Bodies = {**met, "sensitive": {**met["sensitive"], "feared_countries": ["ZWE"]}}
    assert await bounced(made, await bare(malawi, "encounter.reported", afraid, case=case)) == ["FEARED_COUNTRY"]
    asks = adults.man_referred()
    asks["content"]["contact"]["agency"] = MW
    about = await accepted(made, case, asks)
    assert await bounced(made, await travels_without_an_edge(made, kind, about)) == ["FEARED_COUNTRY"]
