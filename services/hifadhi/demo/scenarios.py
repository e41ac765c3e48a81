"""S1 and S8 of the domain, as far as the message types of this release go."""

from typing import Final

from hifadhi.agency.client import Client, Sent
from hifadhi.agency.compose import Draft
from hifadhi.agency.message_id import new_id
from hifadhi.agency.receipt import Receipt
from hifadhi.demo import people
from hifadhi.demo.narrator import evidence, heading, opened, say
from hifadhi.demo.stage import Stage
from hifadhi.errors import Tampered

RETURNED: Final = 93


async def girl_alone(stage: Stage) -> tuple[str, str]:
    """S1; gives the case, and the request for responsibility."""
    mozambique, social, home = (stage.clients[name] for name in ("MZ-INAR", "ZA-DSD", "ZA-DHA"))
    heading("S1  A girl of fifteen, alone in Mozambique; her aunt lives in South Africa")
    case = await _found(mozambique)
    await _traced(mozambique, social, case)
    request = await _asked(mozambique, case)
    await _refused(mozambique, case)
    await _answered(home, case, request)
    stands = await mozambique.case(case)
    say(f"Responsible for her at this moment: {stands['responsible']}, and nobody else, until she has arrived.")
    return case, request


async def _found(mozambique: Client) -> str:
    say("MZ-INAR reports the encounter. It is sealed, and from here on MZ-INAR is responsible for her.")
    sent = _recorded(await mozambique.send("encounter.reported", bodies=people.girl_found()))
    return sent.id


async def _traced(mozambique: Client, social: Client, case: str) -> None:
    say("MZ-INAR asks ZA-DSD to trace her aunt: a service, responsibility stays.")
    why = "She names her mother's sister, in Johannesburg since 2019."
    bodies = people.girl_referred("ZA-DSD", purposes=["FAMILY_TRACING"], reasons=why)
    request = _recorded(
        await mozambique.send(
            "referral.requested", to=["ZA-DSD"], case=case, seen=1, kind="service", urgency="urgent", bodies=bodies
        )
    )
    opened("ZA-DSD", await social.receive_once(wait_s=5))
    say("ZA-DSD's system has confirmed by itself that it could open and read it; then ZA-DSD accepts.")
    _recorded(
        await social.send(
            "referral.accepted",
            to=["MZ-INAR"],
            case=case,
            referral=request.id,
            seen=1,
            bodies=people.accepted("ZA-DSD"),
        )
    )


async def _asked(mozambique: Client, case: str) -> str:
    say("The aunt is found. MZ-INAR asks ZA-DHA to take charge of the girl, urgently: the reply is due in seven days.")
    seen = (await mozambique.case(case))["version"]
    bodies = people.girl_referred("ZA-DHA", purposes=["TAKE_CHARGE"], reasons="Her aunt is able and willing to care.")
    request = await mozambique.send(
        "referral.requested",
        to=["ZA-DHA"],
        case=case,
        seen=seen,
        kind="responsibility",
        urgency="urgent",
        bodies=bodies,
    )
    return _recorded(request).id


async def _refused(mozambique: Client, case: str) -> None:
    say("In haste, MZ-INAR asks TZ-RSD for the same. This is refused, and the refusal is sealed like everything else:")
    seen = (await mozambique.case(case))["version"]
    bodies = people.girl_referred("TZ-RSD", purposes=["TAKE_CHARGE"], reasons="Tanzania is nearer.")
    sent = await mozambique.send(
        "referral.requested",
        to=["TZ-RSD"],
        case=case,
        seen=seen,
        kind="responsibility",
        urgency="urgent",
        bodies=bodies,
    )
    evidence(sent)
    say("    LIVE_REFERRAL: one request for responsibility at a time, so that nobody is offered to two states at once.")
    if sent.ruling is None or sent.ruling.code != "LIVE_REFERRAL":
        raise Tampered("the registry should have refused a second live request")


async def _answered(home: Client, case: str, request: str) -> None:
    opened("ZA-DHA", await home.receive_once(wait_s=5))
    say("ZA-DHA accepts. Who she is, her agencies know; the hub has seen ciphertext.")
    _recorded(
        await home.send(
            "referral.accepted", to=["MZ-INAR"], case=case, referral=request, seen=1, bodies=people.accepted("ZA-DHA")
        )
    )


async def mass_return(stage: Stage) -> None:
    """S8, the 93 people as one batch."""
    heading("S8  Ninety-three people returned across the Rovuma within an hour")
    tanzania, group = stage.clients["TZ-RSD"], new_id()
    drafts = [
        Draft.of("encounter.reported", {"to": [], "group": group}, people.one_of_ninety_three(number))
        for number in range(RETURNED)
    ]
    answers = await tanzania.send_batch(drafts)
    receipts = [answer for answer in answers if isinstance(answer, Receipt)]
    say(f"TZ-RSD posts one message for each of them, in one batch: {len(receipts)} of {RETURNED} stored, one receipt.")
    rulings = [await tanzania.ruling(receipt.id) for receipt in receipts]
    indexes = sorted(ruling.index for ruling in rulings if ruling and ruling.ruling == "recorded")
    if len(indexes) != RETURNED:
        raise Tampered(f"only {len(indexes)} of {RETURNED} encounters were recorded")
    say(f"    evidence: {RETURNED} leaves, {indexes[0]} to {indexes[-1]}: each person has a case, under TZ-RSD.")


def _recorded(sent: Sent) -> Sent:
    evidence(sent)
    if not sent.is_recorded:
        raise Tampered(f"a message of the demo was not recorded: {sent.ruling}")
    return sent
