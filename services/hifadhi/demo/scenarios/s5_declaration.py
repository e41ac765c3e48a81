"""S5: a man whom Kenya's own declaration covers, referred by Zambia and declined twice."""

from typing import Final

from hifadhi.agency.client import Client
from hifadhi.demo import adults, papers
from hifadhi.demo.narrator import say
from hifadhi.demo.stage import Stage
from hifadhi.demo.steps import Facts, received, recorded, responsible, state, version
from hifadhi.errors import Tampered

TITLE: Final = "A man of a group that Kenya recognises prima facie, in Zambia"
AGENCIES: Final = ("ZM-COR", "KE-DRS", "TZ-RSD")
OBSERVER: Final = "UNHCR-RO"
ARRANGEMENT: Final = "KE-ZM-2026"


async def play(stage: Stage) -> str:
    """Gives his case."""
    zambia, kenya, observer = (stage.clients[name] for name in ("ZM-COR", "KE-DRS", OBSERVER))
    say("KE-DRS declares whom it recognises prima facie. Kenya and Zambia arrange that UNHCR is copied in.")
    facts: Facts = {
        "origins": ["SSD"],
        "basis": "OAU1969",
        "title": "Persons who fled South Sudan",
        "since": "2026-01-15",
    }
    declaration = recorded(await kenya.declare("declaration.published", facts))
    deadline = {"clock": "reply", "urgency": "standard", "days": 14}
    corridor: Facts = {"arrangement": ARRANGEMENT, "other": "ZM-COR", "deadlines": [deadline], "observers": [OBSERVER]}
    signed: Facts = {**corridor, "legal_bases": ["OAU69:VIII"]}
    recorded(await kenya.declare("arrangement.published", signed, second=zambia.keyring.sign))
    say("ZM-COR meets him, and asks KE-DRS to take him back, under that arrangement.")
    case = recorded(await zambia.send("encounter.reported", bodies=adults.south_sudanese_met()))
    request = await _asked(zambia, case, declaration)
    await _declined(zambia, kenya, case, request)
    await _read_by_the_observer(observer, request)
    if await state(zambia, case, request) != "DECLINED_FINAL":
        raise Tampered("the decline should be final")
    await responsible(zambia, case, "ZM-COR")
    return case


async def _asked(zambia: Client, case: str, declaration: str) -> str:
    asks: Facts = {"kind": "responsibility", "urgency": "standard", "case": case, "seen": 1, "arrangement": ARRANGEMENT}
    bodies = adults.south_sudanese_referred(declaration)
    to = ["KE-DRS", OBSERVER]
    return recorded(await zambia.send("referral.requested", to=to, sensitive_for=["KE-DRS"], bodies=bodies, **asks))


async def _declined(zambia: Client, kenya: Client, case: str, request: str) -> None:
    about: Facts = {"case": case, "referral": request}
    await received(kenya)
    say("KE-DRS does not find him and declines; ZM-COR brings the registration number.")
    no = papers.declined("ID_NOT_FOUND", why="No registration under this name.")
    recorded(await kenya.send("referral.declined", to=["ZM-COR", OBSERVER], seen=1, bodies=no, **about))
    again: Facts = {"content": adults.registration_found(), "sensitive": adults.south_sudanese_referred()["sensitive"]}
    seen = await version(zambia, case, request)
    to = ["KE-DRS", OBSERVER]
    looked = await zambia.send(
        "reexamination.requested", to=to, sensitive_for=["KE-DRS"], seen=seen, bodies=again, **about
    )
    recorded(looked)
    await received(kenya)
    say("It finds him, and declines all the same: Tanzania is responsible, it says. UNHCR reads that too.")
    why = "He was registered in Kenya in 2024 and moved to Tanzania."
    elsewhere = ("TZ-RSD", "TZA", "OAU69:II(4)")
    no = papers.declined("RESPONSIBILITY_ELSEWHERE", why=why, suggested=elsewhere, substantive=True)
    seen = await version(kenya, case, request)
    recorded(await kenya.send("referral.declined", to=["ZM-COR", OBSERVER], seen=seen, bodies=no, **about))


async def _read_by_the_observer(observer: Client, request: str) -> None:
    items = await received(observer)
    read = [item for item in items if getattr(item.header, "referral", None) == request or _is(item.header, request)]
    if not all("content" in item.bodies and "sensitive" not in item.bodies for item in read) or len(read) < 3:  # noqa: PLR2004
        raise Tampered("the observer should have read what it was copied on, and nothing need-to-know")
    say(f"    {OBSERVER} has read {len(read)} messages of this referral, and none of their sensitive parts.")


def _is(header: object, request: str) -> bool:
    return getattr(header, "id", None) == request
