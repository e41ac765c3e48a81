"""The gateway believes no directory but one that follows, statement by statement, from the root."""

import asyncio

import pytest

from cast import payload_of
from hifadhi.errors import Tampered, Unavailable
from hifadhi.hub.gateway import known_directory
from hifadhi.hub.gateway.known_directory import KnownDirectory
from hifadhi.stream.port import Entry
from hifadhi.stream.topics import DIRECTORY
from registry_place import Place

MZ = "MZ-INAR"


@pytest.fixture
def directory(place: Place, monkeypatch: pytest.MonkeyPatch) -> KnownDirectory:
    monkeypatch.setattr(known_directory, "REFRESH_EVERY_S", 0.02)
    return KnownDirectory(place.stream, place.cast.root)


async def statements(place: Place) -> list[Entry]:
    return [Entry(one.key, one.value, one.headers) for one in await place.records(DIRECTORY)]


async def reads(place: Place, directory: KnownDirectory, entries: list[Entry]) -> None:
    """What the directory makes of these after those that it knows."""
    await place.stream.append(DIRECTORY, entries)
    await directory.refresh()


def numbered(entry: Entry, index: int, previous: int) -> Entry:
    return Entry(entry.key, entry.value, (("index", b"%d" % index), ("previous", b"%d" % previous)))


async def test_statements_published_twice_are_read_once(place: Place, directory: KnownDirectory) -> None:
    await directory.refresh()
    known = directory.current
    await reads(place, directory, await statements(place))
    assert directory.current == known
    assert set(known.agencies) == set(place.cast.players)


async def test_a_missing_statement_is_tampered_and_stays_so(place: Place, directory: KnownDirectory) -> None:
    await directory.refresh()
    known, one = directory.current, (await statements(place))[0]
    with pytest.raises(Tampered, match="missing"):
        await reads(place, directory, [numbered(one, 17, 16)])
    with pytest.raises(Tampered, match="missing"):
        await directory.refresh()
    assert directory.current is known


async def test_a_statement_that_nobody_signed_is_tampered(place: Place, directory: KnownDirectory) -> None:
    await directory.refresh()
    one = (await statements(place))[0]
    forged = Entry(one.key, (one.value or b"").replace(b'"signature":"', b'"signature":"A', 1))
    with pytest.raises(Tampered, match="not valid"):
        await reads(place, directory, [numbered(forged, 15, 14)])


async def test_a_statement_is_not_taken_from_who_may_not_make_it(place: Place, directory: KnownDirectory) -> None:
    """The registry is not believed: an agency's own signature lets no other agency in."""
    await directory.refresh()
    admitted = payload_of(place.cast.admissions()[0][0]) | {"agency": "MW-DOR"}
    body = place.cast.signed(admitted, [place.cast.players[MZ].sign])
    await place.submit(body)
    await place.seal_only()
    assert len((await place.files())["checkpoint"]) > 0
    envelope = b"\n".join((b"hifadhi/leaf/1", b'{"ruling":"recorded","position":15,"stored_at":"%s"}', b"%s"))
    leaf = envelope % (b"2026-11-23T10:00:00.000Z", (await place.records("submissions"))[-1].value or b"")
    with pytest.raises(Tampered, match="not valid"):
        await reads(place, directory, [numbered(Entry(b"15", leaf), 15, 14)])


async def test_who_asks_while_it_cannot_be_read_is_told_so_and_not_given_what_was_known(
    place: Place, directory: KnownDirectory
) -> None:
    """Else a refusal would be signed for a key that was added long ago."""
    place.stream.unreadable = DIRECTORY
    asked = await asyncio.gather(*(directory.refresh() for _ in range(3)), return_exceptions=True)
    assert [type(one) for one in asked] == [Unavailable] * 3


async def test_those_who_ask_at_once_share_one_look(
    place: Place, directory: KnownDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_directory, "REFRESH_EVERY_S", 5)
    async with asyncio.timeout(2):
        await asyncio.gather(*(directory.refresh() for _ in range(50)))
    assert set(directory.current.agencies) == set(place.cast.players)


async def test_a_statement_that_does_not_fit_is_not_taken_from_the_registry(
    place: Place, directory: KnownDirectory
) -> None:
    """The end of a suspension that there is not, well signed: a registry that records it is not believed."""
    await directory.refresh()
    again = place.cast.statement("agency.suspended", agency=MZ, lifted=True)
    await place.submit(again)
    envelope = (await place.records("submissions"))[-1].value or b""
    ruling = b'{"ruling":"recorded","position":15,"stored_at":"2026-11-23T10:00:00.000Z"}'
    leaf = b"\n".join((b"hifadhi/leaf/1", ruling, envelope))
    with pytest.raises(Tampered, match="NOT_ALLOWED_NOW"):
        await reads(place, directory, [numbered(Entry(b"15", leaf), 15, 14)])
