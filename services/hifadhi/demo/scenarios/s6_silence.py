"""S6: nobody answers, at the end of a month in a leap year; and nobody even looks."""

import asyncio
from typing import Final

from hifadhi.agency.client import Client
from hifadhi.demo import papers, people
from hifadhi.demo.narrator import say
from hifadhi.demo.stage import Stage
from hifadhi.demo.steps import WAIT_S, Facts, received, recorded, responsible, standing, state, version
from hifadhi.errors import Tampered

TITLE: Final = "A request that nobody answers, from 31 January to 29 February"
AGENCIES: Final = ("MZ-INAR", "ZA-DHA", "TZ-RSD")
LAST_HOUR: Final = "2028-01-31T21:30:00.000Z"
"""23:30 in Pretoria."""


async def play(stage: Stage) -> str:
    """Gives the case of the first request."""
    mozambique, home, tanzania = (stage.clients[name] for name in AGENCIES)
    stage.clock.start_at(LAST_HOUR)
    say("31 January 2028, 23:30 in Pretoria: MZ-INAR asks ZA-DHA, whose system takes the request at once.")
    first, asked = await _asked(mozambique, "ZA-DHA")
    await received(home)
    await _due(mozambique, first, "reply", "2028-02-29T22:00:00.000Z")
    say("    a month from 31 January ends on 29 February, at midnight where the answer is owed")
    say("At the same time it asks TZ-RSD about another girl. There nobody looks.")
    second, unseen = await _asked(mozambique, "TZ-RSD")
    stage.clock.wait(hours=25)
    recorded(await mozambique.send("encounter.reported", bodies=people.girl_found()))
    await _due(mozambique, second, "reply", "2028-03-02T21:00:00.000Z")
    say("    the time to reply runs after 24 hours all the same: silence is no way out")
    say("Both days pass. The lapses are sealed before anything that was stamped later.")
    stage.clock.wait(days=31)
    recorded(await mozambique.send("encounter.reported", bodies=people.girl_found()))
    for case, referral in ((first, asked), (second, unseen)):
        if await state(mozambique, case, referral) != "ESCALATED":
            raise Tampered("silence should have escalated the request")
        await responsible(mozambique, case, "MZ-INAR")
    say("Two days later ZA-DHA accepts. It counts, as a late answer.")
    stage.clock.wait(days=2)
    await received(home)
    yes = papers.accepted("ZA-DHA", "ZAF", basis="CRC:22")
    seen = await version(home, first, asked)
    about: Facts = {"case": first, "referral": asked, "to": ["MZ-INAR"], "seen": seen}
    recorded(await home.send("referral.accepted", bodies=yes, **about))
    await received(tanzania)
    return first


async def _asked(mozambique: Client, to: str) -> tuple[str, str]:
    case = recorded(await mozambique.send("encounter.reported", bodies=people.girl_found()))
    bodies = people.girl_referred(to, purposes=["TAKE_CHARGE"], reasons="Her aunt is able and willing to care.")
    asks: Facts = {"kind": "responsibility", "urgency": "standard", "case": case, "seen": 1}
    return case, recorded(await mozambique.send("referral.requested", to=[to], bodies=bodies, **asks))


async def _due(client: Client, case: str, clock: str, expected: str) -> None:
    """Waits for an automatic receipt that is on its way."""
    clocks: dict[str, str] = {}
    for _ in range(WAIT_S * 20):
        clocks = {one["clock"]: one["due"] for one in (await standing(client, case))["clocks"]}
        if clock in clocks:
            break
        await asyncio.sleep(0.05)
    if clocks.get(clock) != expected:
        raise Tampered(f"the {clock} clock should run until {expected}: {clocks}")
    say(f"    the {clock} clock runs until {expected}")
