"""What is no message never stops the registry, however large or many, and every one of it is told."""

from cast import uuid7
from hifadhi.hub.registry.rows import DEAD_LETTER_BYTES
from hifadhi.stream.port import MAX_ENTRY_BYTES
from hifadhi.stream.topics import DEAD_LETTERS
from registry_place import Place


async def test_a_dead_letter_as_large_as_an_entry_can_be_is_told_by_its_beginning(place: Place) -> None:
    junk = b"x" * (MAX_ENTRY_BYTES - 64)
    async with place.running() as registry:
        await place.submit(junk, b"more")
        await place.ruled()
        assert registry.trouble is None
    async with place.running() as registry:
        assert registry.trouble is None
    first, *_ = await place.records(DEAD_LETTERS)
    assert first.value == junk[:DEAD_LETTER_BYTES]


async def test_all_of_a_burst_of_dead_letters_are_told_without_a_further_submission(place: Place) -> None:
    async with place.running():
        await place.submit(*(uuid7().encode() for _ in range(450)))
        await place.ruled()
    assert len({record.key for record in await place.records(DEAD_LETTERS)}) == 450
