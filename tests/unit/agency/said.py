"""Messages that the tests send, out of the published examples."""

from typing import Any

from hifadhi.agency.client import Client
from hifadhi.agency.sending.sent import Sent
from schema_examples import accepted_body


def encounter() -> dict[str, Any]:
    slugs = {"content": "one-of-ninety-three", "sensitive": "nothing-known", "movement": "one-of-ninety-three"}
    bodies = {part: accepted_body(f"encounter.reported.{part}/1", slug) for part, slug in slugs.items()}
    bodies["content"]["place"]["country"] = bodies["movement"]["country"] = "MOZ"
    return {**bodies, "statistics": accepted_body("encounter.reported.statistics/1", "girl")}


def request() -> dict[str, Any]:
    slugs = {"content": "take-charge-of-a-child", "sensitive": "child-with-assessment", "statistics": "girl"}
    return {part: accepted_body(f"referral.requested.{part}/1", slug) for part, slug in slugs.items()}


async def open_case(agency: Client) -> str:
    sent = await agency.send("encounter.reported", bodies=encounter())
    assert sent.is_recorded, sent
    return sent.id


async def ask(agency: Client, case: str, **facts: Any) -> Sent:
    said = {"kind": "responsibility", "urgency": "urgent", "seen": 1, **facts}
    return await agency.send("referral.requested", to=["ZA-DHA"], case=case, bodies=request(), **said)
