"""The follower of the sealed parts."""

from delivery_place import Place
from hifadhi.hub.delivery.parts import Parts
from hifadhi.stream.port import Entry
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.stream.topics import PARTS


class Compacted(SqliteStream):
    """The last record of each partition has been cleaned away: the partition ends where nothing can be read."""

    async def ends(self, topic: str) -> list[int]:
        return [end + 1 for end in await super().ends(topic)]


async def test_a_partition_whose_last_records_were_cleaned_away_is_followed_to_its_end(place: Place) -> None:
    place.stream.__class__ = Compacted
    parts = Parts(place.store, place.stream)
    await parts.load()
    await parts.catch_up()
    await place.stream.append(PARTS, [Entry(b"no digest", b"x")])
    await parts.catch_up()
