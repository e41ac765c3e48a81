"""S4: a man is bounced between Tanzania and Mozambique, until both states sign who owes him protection."""

from typing import Final

from hifadhi.agency.client import Client
from hifadhi.agency.composing.compose import Draft
from hifadhi.agency.composing.signed_file import SignedFile
from hifadhi.agency.countersigning import examine
from hifadhi.demo import adults, papers
from hifadhi.demo.narrator import say
from hifadhi.demo.stage import Stage
from hifadhi.demo.steps import Facts, received, recorded, responsible, standing, version
from hifadhi.errors import Tampered

TITLE: Final = "A man is sent back and forth across the Rovuma"
AGENCIES: Final = ("TZ-ISD", "MZ-SENAMI", "MZ-INAR")
OBSERVER: Final = "UNHCR-RO"


async def play(stage: Stage) -> str:
    """Gives his case."""
    tanzania, border, mozambique = (stage.clients[name] for name in AGENCIES)
    observer = stage.clients[OBSERVER]
    case = await _met_four_times(tanzania, border)
    request = await _refused_for_good(tanzania, mozambique, case)
    dispute = await _contested(tanzania, mozambique, observer, case, request)
    await _settled(tanzania, mozambique, case, dispute)
    await responsible(mozambique, case, "MZ-INAR")
    if (await standing(mozambique, case))["contested"]:
        raise Tampered("a dispute that nobody has is still shown")
    return case


async def _met_four_times(tanzania: Client, border: Client) -> str:
    say("3 May, Kilambo: TZ-ISD meets him and owes him protection. 9 May, Palma: MZ-SENAMI meets him, sent over.")
    case = recorded(await tanzania.send("encounter.reported", bodies=adults.man_met("TZA", "2026-05-03T06:00")))
    met = adults.man_met("MOZ", "2026-05-09T06:00", returned_by="TZA")
    recorded(await border.send("encounter.reported", case=case, to=["TZ-ISD"], bodies=met))
    say("20 June: he is back, left on a river island by officers, as he says. Of that there is no record.")
    met = adults.man_met("TZA", "2026-06-20T05:30", returned_by="MOZ")
    recorded(await tanzania.send("encounter.reported", case=case, to=["MZ-SENAMI"], bodies=met))
    say("A record comes late, and it says itself what was missing: nothing assessed, no remedy, handed to nobody.")
    recorded(await border.send("removal.recorded", case=case, to=["TZ-ISD"], bodies=adults.man_removed()))
    met = adults.man_met("MOZ", "2026-07-12T06:00", returned_by="TZA")
    say("12 July, Palma again. Every crossing is a leaf that nobody can take back.")
    recorded(await border.send("encounter.reported", case=case, to=["TZ-ISD"], bodies=met))
    return case


async def _refused_for_good(tanzania: Client, mozambique: Client, case: str) -> str:
    say("TZ-ISD asks MZ-INAR to take him back. It declines, looks again, and declines for good.")
    asks: Facts = {"kind": "responsibility", "urgency": "urgent", "case": case, "seen": await version(tanzania, case)}
    request = recorded(await tanzania.send("referral.requested", to=["MZ-INAR"], bodies=adults.man_referred(), **asks))
    await received(mozambique)
    about: Facts = {"case": case, "referral": request}
    no = papers.declined("EVIDENCE_INSUFFICIENT", why="No record of an earlier stay.", substantive=True)
    recorded(await mozambique.send("referral.declined", to=["TZ-ISD"], seen=1, bodies=no, **about))
    again: Facts = {"content": adults.evidence_of_a_bus(), "sensitive": adults.man_referred()["sensitive"]}
    recorded(await tanzania.send("reexamination.requested", to=["MZ-INAR"], seen=2, bodies=again, **about))
    await received(mozambique)
    recorded(await mozambique.send("referral.declined", to=["TZ-ISD"], seen=3, bodies=no, **about))
    return request


async def _contested(tanzania: Client, mozambique: Client, observer: Client, case: str, request: str) -> str:
    say("TZ-ISD contests it and tells UNHCR, which advises both and decides nothing.")
    bodies = {"content": {"issue": "DECLINE_UNFOUNDED", "text": papers.text("He was returned three times.")}}
    seen = await version(tanzania, case, request)
    about: Facts = {"case": case, "referral": request, "seen": seen}
    dispute = recorded(await tanzania.send("dispute.opened", to=["MZ-INAR", OBSERVER], bodies=bodies, **about))
    await received(observer)
    advice = {"content": {"issue": "WHO_IS_RESPONSIBLE", "advice": papers.text("He has lived in Palma since 2024.")}}
    replies: Facts = {"case": case, "in_reply_to": dispute, "to": ["MZ-INAR", "TZ-ISD"]}
    recorded(await observer.send("observer.advised", bodies=advice, **replies))
    await received(mozambique)
    say(f"    contested between: {' and '.join((await standing(mozambique, case))['contested'])}")
    return dispute


async def _settled(tanzania: Client, mozambique: Client, case: str, dispute: str) -> None:
    say("The states settle it. TZ-ISD signs that MZ-INAR owes protection; the file goes over, its key does not.")
    result = {"issue": "WHO_IS_RESPONSIBLE", "result": papers.text("Mozambique takes him back, with the file.")}
    facts: Facts = {"case": case, "in_reply_to": dispute, "to": ["MZ-INAR"], "responsible": "MZ-INAR"}
    facts["seen"] = await version(tanzania, case)
    prepared = await tanzania.prepare(Draft.of("dispute.resolved", facts, {"content": result}))
    say("MZ-INAR proves that signature, reads what it is to sign, and signs. TZ-ISD posts it.")
    file, key = SignedFile.parse(prepared.line), mozambique.keyring.sign
    opened = await examine(mozambique, file, key)
    say(f"    signed by two states, with {', '.join(opened.bodies)} opened before the second signature")
    recorded(await tanzania.send_signed(file.countersigned(key)))
    say("Nothing is contested any more, and it was never nobody's turn.")
