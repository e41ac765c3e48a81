from unit.agency import said
from unit.agency.conftest import ClientOf


async def test_a_request_is_opened_by_its_receiver_and_answered_by_itself(client: ClientOf) -> None:
    async with client("MZ-INAR") as sender, client("ZA-DHA") as receiver:
        case = await said.open_case(sender)
        asked = await said.ask(sender, case)
        assert asked.is_recorded
        items = await receiver.receive_once()
        item = next(item for item in items if item.header and item.header.id == asked.id)
        assert item.problems == ()
        assert set(item.bodies) == {"content", "sensitive"}
        answers = [item.header for item in await sender.receive_once() if item.header]
        assert [header.type for header in answers] == [
            "key.added",
            "key.added",
            "encounter.reported",
            "referral.requested",
            "referral.received",
        ]
