"""Looking back: what the hub is told by it, and an inbox that does not show what it has shown."""

import pytest

from hifadhi.agency.client import Client
from hifadhi.errors import Tampered, Unavailable
from unit.agency import said
from unit.agency.conftest import ClientOf
from unit.agency.small_hub import SmallHub


async def told(agency: Client, case: str) -> list[int]:
    """The indexes of the case's messages, as they are opened again."""
    return [one.item.index for one in await agency.inbox.history.case(case)]


async def asked(agency: Client) -> str:
    """A case with a request."""
    case = await said.open_case(agency)
    await said.ask(agency, case)
    return case


async def test_who_only_looks_does_not_say_that_it_has_anything(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as sender:
        first, second = await asked(sender), await asked(sender)
        assert [len(await told(sender, case)) for case in (first, second)] == [2, 2]
        items = await sender.inbox.look()
        await sender.inbox.look(after=items[-1].index)
        assert hub.fetched.get("MZ-INAR", -1) == sender.journal.reload().cursor == -1
        await sender.receive_once()
        await sender.receive_once()
        assert hub.fetched["MZ-INAR"] == items[-1].index


async def test_an_inbox_that_is_being_made_again_is_waited_for(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as sender:
        case = await asked(sender)
        both, rows = await told(sender, case), list(hub.rows)
        for made in (0, len(rows) - 1):
            hub.rows = rows[:made]
            with pytest.raises(Unavailable):
                await told(sender, case)
        hub.rows = rows
        assert await told(sender, case) == both


async def test_an_inbox_that_leaves_out_what_it_had_is_tampered_with(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as sender:
        case = await asked(sender)
        first, _ = await told(sender, case)
        hub.rows = [row for row in hub.rows if row[0] != first]
        with pytest.raises(Tampered) as caught:
            await told(sender, case)
        assert caught.value.index == first


async def test_nothing_is_judged_by_less_than_was_taken(client: ClientOf, hub: SmallHub) -> None:
    async with client("MZ-INAR") as sender:
        case = await asked(sender)
        await sender.receive_once()
        hub.rows, rows = hub.rows[:-1], hub.rows  # and the home's index of cases is not made yet
        with pytest.raises(Unavailable):
            await told(sender, case)
        hub.rows = rows
        assert len(await told(sender, case)) == 2
