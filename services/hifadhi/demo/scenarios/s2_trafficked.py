"""S2: a victim of trafficking, met in Malawi, exploited in Zambia: what she consents to is what happens."""

from typing import Final

from hifadhi.agency.client import Client
from hifadhi.agency.composing.message_id import new_id
from hifadhi.demo import adults, papers
from hifadhi.demo.narrator import say
from hifadhi.demo.stage import Stage
from hifadhi.demo.steps import Facts, received, recorded, responsible, standing, unsendable, version
from hifadhi.errors import Refused, Tampered
from hifadhi.evidence.leaf import RECORDED

TITLE: Final = "A woman in Malawi, exploited in Zambia; what she consents to is what happens"
AGENCIES: Final = ("MW-DOR", "ZW-DSW")
PLANNED: Final = "2026-12-10T07:00"


async def play(stage: Stage) -> str:
    """Gives her case."""
    malawi, zimbabwe = stage.clients["MW-DOR"], stage.clients["ZW-DSW"]
    say("MW-DOR meets her. She tells little; she does not want Zambia to hear of it.")
    case = recorded(await malawi.send("encounter.reported", bodies=adults.woman_met()))
    request = await _declined(malawi, zimbabwe, case)
    await _accepted(malawi, zimbabwe, case, request)
    await _planned(malawi, zimbabwe, case, request)
    await _withdrawn(malawi, zimbabwe, case, request)
    await _erased(malawi, zimbabwe, case, request)
    await responsible(malawi, case, "MW-DOR")
    return case


async def _declined(malawi: Client, zimbabwe: Client, case: str) -> str:
    say("MW-DOR asks ZW-DSW to take charge. She has agreed to assistance there, and to nothing else yet.")
    bodies = adults.woman_referred("VOT_ASSISTANCE")
    asks: Facts = {"kind": "responsibility", "urgency": "standard", "case": case, "seen": 1}
    request = recorded(await malawi.send("referral.requested", to=["ZW-DSW"], bodies=bodies, **asks))
    await received(zimbabwe)
    say("ZW-DSW could only shelter her, and asks for her consent to that first: it declines.")
    no = papers.declined("CONSENT_MISSING", why="We would have to shelter her. Has she agreed to that?")
    about: Facts = {"case": case, "referral": request, "to": ["MW-DOR"], "seen": 1}
    recorded(await zimbabwe.send("referral.declined", bodies=no, **about))
    return request


async def _accepted(malawi: Client, zimbabwe: Client, case: str, request: str) -> None:
    say("She agrees to a shelter in Zimbabwe. Who had her data is told, and confirms.")
    wider = papers.consent("widened", ("ZW-DSW", "VOT_ASSISTANCE"), ("ZW-DSW", "SAFE_SHELTER"))
    await _changed(malawi, zimbabwe, case, wider)
    say("MW-DOR asks ZW-DSW to look again, and now it accepts.")
    again: Facts = {
        "content": {"new_evidence": [{"kind": "PERSON_STATEMENT", "grade": "C"}]},
        "sensitive": adults.woman_referred("SAFE_SHELTER")["sensitive"],
    }
    about: Facts = {"case": case, "referral": request}
    seen = await version(malawi, case, request)
    recorded(await malawi.send("reexamination.requested", to=["ZW-DSW"], seen=seen, bodies=again, **about))
    await received(zimbabwe)
    yes = papers.accepted("ZW-DSW", "ZWE", basis="UNTOC-TIP:6")
    seen = await version(zimbabwe, case, request)
    recorded(await zimbabwe.send("referral.accepted", to=["MW-DOR"], seen=seen, bodies=yes, **about))


async def _planned(malawi: Client, zimbabwe: Client, case: str, request: str) -> None:
    say("Her journey is planned and agreed.")
    about: Facts = {"case": case, "referral": request}
    proposes: Facts = {"transfer": new_id(), "arrival_due": "2026-12-11T07:00:00.000Z"}
    proposes["seen"] = await version(malawi, case, request)
    bodies = papers.plan(case, "MW-DOR", "MWI", PLANNED)
    recorded(await malawi.send("transfer.proposed", to=["ZW-DSW"], bodies=bodies, **about, **proposes))
    await received(zimbabwe)
    agrees = papers.agreed("ZW-DSW", "ZWE", PLANNED)
    seen = await version(zimbabwe, case, request)
    recorded(await zimbabwe.send("transfer.agreed", to=["MW-DOR"], seen=seen, bodies=agrees, **about))


async def _changed(malawi: Client, zimbabwe: Client, case: str, bodies: papers.Body) -> None:
    change = recorded(await malawi.send("consent.changed", case=case, to=["ZW-DSW"], bodies=bodies))
    await received(zimbabwe)
    missing = (await standing(malawi, case))["unconfirmed"]
    say(f"    not confirmed yet by: {', '.join(missing[change])}")
    confirms = papers.restricted("WHEREABOUTS")
    about: Facts = {"case": case, "in_reply_to": change, "to": ["MW-DOR"]}
    recorded(await zimbabwe.send("data.restricted", bodies=confirms, **about))
    if (await standing(malawi, case))["unconfirmed"]:
        raise Tampered("everybody has confirmed, and the case does not show it")


async def _withdrawn(malawi: Client, zimbabwe: Client, case: str, request: str) -> None:
    say("Days before the journey she withdraws her consent. Everybody who had her data is told, and confirms.")
    await _changed(malawi, zimbabwe, case, papers.consent("withdrawn"))
    say("Nobody can send her now: the system of MW-DOR does not let her departure out.")
    stands = await standing(malawi, case)
    transfer = stands["referrals"][0]["transfer"]
    left = papers.departure(case, "MW-DOR", ("MWI", "ZWE"), PLANNED)
    refused = None
    try:
        await malawi.send(
            "departure.confirmed", case=case, referral=request, to=["ZW-DSW"], transfer=transfer, bodies=left
        )
    except Refused as error:
        refused = error
    unsendable(refused, "CONSENT_MISSING")
    say("MW-DOR halts the plan and withdraws the request.")
    about: Facts = {"case": case, "referral": request, "to": ["ZW-DSW"]}
    for kind in ("transfer.suspended", "referral.withdrawn"):
        seen = await version(malawi, case, request)
        recorded(await malawi.send(kind, seen=seen, bodies=papers.withdrawn("CONSENT_WITHDRAWN"), **about))


async def _erased(malawi: Client, zimbabwe: Client, case: str, request: str) -> None:
    say("What was said about her is destroyed; that it was said, and by whom, stays provable.")
    await received(zimbabwe)
    items = await zimbabwe.inbox.look(limit=100)
    told = next(item for item in items if item.header and item.header.id == request)
    assert told.header  # noqa: S101 (for the type checker)
    digests = sorted(part.digest for part in told.header.part_entries if part.name in {"content", "sensitive"})
    order: Facts = {"case": case, "in_reply_to": request, "digests": digests, "to": ["ZW-DSW"]}
    bodies = {"content": {"reason": "CONSENT_WITHDRAWN"}}
    recorded(await malawi.send("erasure.ordered", bodies=bodies, **order))
    await received(zimbabwe)
    again = next(item for item in await zimbabwe.inbox.look(limit=100) if item.index == told.index)
    if again.bodies or again.leaf.ruling.ruling != RECORDED:
        raise Tampered("the parts are still there, or the leaf is not")
    say(f"    ZW-DSW asks for leaf {told.index} once more: the header is proven, the parts are gone.")
