"""S8: ninety-three people are returned within an hour; one of them is known already."""

from typing import Final

from hifadhi.agency.client import Client
from hifadhi.agency.composing.compose import Draft
from hifadhi.agency.composing.message_id import new_id
from hifadhi.agency.wire.receipt import Receipt
from hifadhi.demo import adults, papers, people
from hifadhi.demo.narrator import say
from hifadhi.demo.stage import Stage
from hifadhi.demo.steps import Facts, received, recorded, responsible, standing, version
from hifadhi.errors import Tampered

TITLE: Final = "Ninety-three people returned across the Rovuma within an hour"
AGENCIES: Final = ("TZ-RSD", "MZ-INAR")
RETURNED: Final = 93


async def play(stage: Stage) -> str:
    """Gives the case of the one who is known already."""
    tanzania, mozambique = (stage.clients[name] for name in AGENCIES)
    say("Months before, MZ-INAR had met one of them.")
    earlier = recorded(await mozambique.send("encounter.reported", bodies=adults.man_met("MOZ", "2026-05-09T06:00")))
    cases = await _returned(tanzania)
    later = cases[16]
    await _linked(tanzania, mozambique, earlier, later)
    return later


async def _returned(tanzania: Client) -> list[str]:
    group = new_id()
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
    return [receipt.id for receipt in receipts]


async def _linked(tanzania: Client, mozambique: Client, earlier: str, later: str) -> None:
    say(
        "A caseworker believes that one of them is the man whom MZ-INAR knows. A human there agrees; nothing is merged."
    )
    about: Facts = {"case": later, "other_case": earlier}
    words = papers.linked("TZ-RSD", "The same printed slip, and the same scar.")
    asked = recorded(await tanzania.send("link.proposed", to=["MZ-INAR"], bodies=words, **about))
    await received(mozambique)
    words = papers.linked("MZ-INAR", "I met him in May. It is he.")
    answer: Facts = {**about, "in_reply_to": asked, "answer": "yes"}
    recorded(await mozambique.send("link.answered", to=["TZ-RSD"], bodies=words, **answer))
    say("TZ-RSD closes the later case, which names the earlier one; there MZ-INAR owes him protection.")
    if (await standing(tanzania, later))["links"] != {earlier: "CONFIRMED"}:
        raise Tampered("the link should be confirmed")
    bodies = papers.closed("ERROR_DUPLICATE", "2026-11-28")
    closes: Facts = {"case": later, "linked_to": earlier, "seen": await version(tanzania, later)}
    recorded(await tanzania.send("case.closed", to=["MZ-INAR"], bodies=bodies, **closes))
    await responsible(tanzania, later, None)
    await responsible(mozambique, earlier, "MZ-INAR")
