"""S1: an unaccompanied girl, found in Mozambique; her aunt lives in South Africa."""

from typing import Final

from hifadhi.agency.client import Client
from hifadhi.agency.composing.message_id import new_id
from hifadhi.demo import papers, people
from hifadhi.demo.narrator import say
from hifadhi.demo.stage import Stage
from hifadhi.demo.steps import Facts, received, recorded, responsible, turned_down, unsendable, version
from hifadhi.errors import Refused

TITLE: Final = "A girl of fifteen, alone in Mozambique; her aunt lives in South Africa"
AGENCIES: Final = ("MZ-INAR", "ZA-DSD", "ZA-DHA", "TZ-RSD")
WAY: Final = ("MOZ", "ZAF")
DETERMINED: Final = {
    "kind": "BID",
    "ref": {"scheme": "BEST_INTERESTS", "value": "MZ/BID/2026/31"},
    "date": "2026-11-27",
}


async def play(stage: Stage) -> str:
    """Gives her case."""
    mozambique, social, home = (stage.clients[name] for name in ("MZ-INAR", "ZA-DSD", "ZA-DHA"))
    say("MZ-INAR reports the encounter. It is sealed, and from here on MZ-INAR is responsible for her.")
    case = recorded(await mozambique.send("encounter.reported", bodies=people.girl_found()))
    await _traced(mozambique, social, case)
    request = await _asked(mozambique, home, case)
    transfer = await _planned(mozambique, home, case, request)
    await _travels(mozambique, home, case, request, transfer)
    await _ends(home, case)
    return case


async def _traced(mozambique: Client, social: Client, case: str) -> None:
    say("MZ-INAR asks ZA-DSD to trace her aunt: a service, responsibility stays.")
    why = "She names her mother's sister, in Johannesburg since 2019."
    bodies = people.girl_referred("ZA-DSD", purposes=["FAMILY_TRACING"], reasons=why, assessed=False)
    asks: Facts = {"kind": "service", "urgency": "urgent", "seen": 1}
    request = recorded(await mozambique.send("referral.requested", to=["ZA-DSD"], case=case, bodies=bodies, **asks))
    await received(social)
    say("ZA-DSD's system has confirmed by itself that it could open and read it; then ZA-DSD accepts, and asks.")
    about: Facts = {"case": case, "referral": request, "to": ["MZ-INAR"]}
    yes = papers.accepted("ZA-DSD", "ZAF", basis="CRC:22")
    recorded(await social.send("referral.accepted", seen=1, bodies=yes, **about))
    questions = papers.asked("FAMILY", purpose="To find the aunt in the register.", by="ZA-DSD")
    asked = recorded(await social.send("information.requested", bodies=questions, **about))
    answer = papers.answered("FAMILY", "Faduma Warsame, born about 1985 in Baidoa.")
    replies: Facts = {"case": case, "referral": request, "to": ["ZA-DSD"], "in_reply_to": asked}
    recorded(await mozambique.send("information.provided", bodies=answer, **replies))
    say("The aunt is found. ZA-DSD reports it, and the service is completed.")
    recorded(await social.send("outcome.reported", bodies=papers.outcome("BID_DONE", "2026-11-26"), **about))


async def _asked(mozambique: Client, home: Client, case: str) -> str:
    say("MZ-INAR asks ZA-DHA to take charge of the girl, urgently: the reply is due in seven days.")
    asks: Facts = {"kind": "responsibility", "urgency": "urgent"}
    why = "Her aunt is able and willing to care."
    bodies = people.girl_referred("ZA-DHA", purposes=["TAKE_CHARGE"], reasons=why, assessed=False)
    asks |= {"case": case, "seen": await version(mozambique, case)}
    request = recorded(await mozambique.send("referral.requested", to=["ZA-DHA"], bodies=bodies, **asks))
    say("In haste, MZ-INAR asks TZ-RSD for the same. This is refused, and the refusal is sealed like everything else:")
    asks["seen"] = await version(mozambique, case)
    bodies = people.girl_referred("TZ-RSD", purposes=["TAKE_CHARGE"], reasons="Tanzania is nearer.", assessed=False)
    turned_down(await mozambique.send("referral.requested", to=["TZ-RSD"], bodies=bodies, **asks), "LIVE_REFERRAL")
    await received(home)
    say("ZA-DHA accepts. Who she is, her agencies know; the hub has seen ciphertext.")
    yes = papers.accepted("ZA-DHA", "ZAF", basis="CRC:22", care="KINSHIP")
    about: Facts = {"case": case, "referral": request, "to": ["MZ-INAR"], "seen": 1}
    recorded(await home.send("referral.accepted", bodies=yes, **about))
    return request


async def _planned(mozambique: Client, home: Client, case: str, request: str) -> str:
    transfer = new_id()
    about: Facts = {"case": case, "referral": request, "to": ["ZA-DHA"], "transfer": transfer}
    about |= {"seen": await version(mozambique, case, request), "arrival_due": "2026-12-12T14:00:00.000Z"}
    say("MZ-INAR plans her journey. Its own system does not let it: nobody has determined what is best for her.")
    refused = None
    try:
        await mozambique.send(
            "transfer.proposed", bodies=papers.plan(case, "MZ-INAR", "MOZ", "2026-12-12T08:00"), **about
        )
    except Refused as error:
        refused = error
    unsendable(refused, "BEST_INTERESTS_MISSING")
    say("With the best-interests determination it goes out, and ZA-DHA agrees.")
    bodies = papers.plan(case, "MZ-INAR", "MOZ", "2026-12-12T08:00", best_interests=DETERMINED)
    recorded(await mozambique.send("transfer.proposed", bodies=bodies, **about))
    await received(home)
    seen = await version(home, case, request)
    yes = papers.agreed("ZA-DHA", "ZAF", "2026-12-12T10:00")
    recorded(await home.send("transfer.agreed", case=case, referral=request, to=["MZ-INAR"], seen=seen, bodies=yes))
    return transfer


async def _travels(mozambique: Client, home: Client, case: str, request: str, transfer: str) -> None:
    about: Facts = {"case": case, "referral": request, "transfer": transfer}
    say("She leaves. Two officers sign; MZ-INAR stays responsible until she has arrived.")
    left = papers.departure(case, "MZ-INAR", WAY, "2026-12-12T08:10")
    recorded(await mozambique.send("departure.confirmed", to=["ZA-DHA"], bodies=left, **about))
    await responsible(mozambique, case, "MZ-INAR")
    await received(home)
    say("She arrives. With this message, and not before, ZA-DHA is responsible.")
    came = papers.arrival(WAY, "2026-12-12T10:40")
    recorded(await home.send("arrival.confirmed", to=["MZ-INAR"], bodies=came, **about))
    await responsible(home, case, "ZA-DHA")


async def _ends(home: Client, case: str) -> None:
    say("She lives with her aunt. ZA-DHA says so and closes the case.")
    done = papers.outcome("REUNIFIED", "2026-12-13")
    recorded(await home.send("outcome.reported", case=case, to=["MZ-INAR"], bodies=done))
    seen = await version(home, case)
    bodies = papers.closed("LOCAL_SOLUTION", "2027-01-15")
    recorded(await home.send("case.closed", case=case, to=["MZ-INAR"], seen=seen, bodies=bodies))
    await responsible(home, case, None)
