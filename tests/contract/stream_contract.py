"""What every adapter of the stream port keeps. `stream` is open with the topics made; `place` opens it again."""

import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.places import StreamPlace
from contract.processes import until
from contract.records import all_records, content, numbered, opened
from hifadhi.errors import Refused, Tampered, Unavailable
from hifadhi.stream.port import MAX_APPEND_BYTES, MAX_ENTRY_BYTES, Entry, Record, Stream, size_of
from hifadhi.stream.topics import PARTS, RECORD, SUBMISSIONS, Topic, topics

COLD = Topic("cold", 1, "compact", "any", "any", ("tests",), ("tests",))

_ENTRIES = st.builds(
    Entry,
    st.sampled_from([b"", b"a", b"b", b"\x00\xff"]),
    st.none() | st.binary(max_size=300),
    st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=8)), max_size=2).map(tuple),
)


async def _compacted(stream: Stream, topic: str, condition: Callable[[list[Record]], bool]) -> None:
    async def holds() -> bool:
        await stream.append(topic, [Entry(b"filler", b"")])  # a broker compacts only what newer records have closed
        return condition(await all_records(stream, topic))

    await until(holds)


class StreamContract:
    async def test_records_come_back_in_the_order_of_their_append(self, stream: Stream) -> None:
        entries = numbered(20)
        await stream.append(RECORD, entries[:7])
        await stream.append(RECORD, entries[7:])
        assert content(await stream.read(RECORD, 0)) == entries

    async def test_positions_of_a_topic_kept_for_ever_count_from_zero_without_holes(self, stream: Stream) -> None:
        first = await stream.append(RECORD, numbered(3))
        second = await stream.append(RECORD, numbered(2))
        assert [stored.position for stored in (*first, *second)] == [0, 1, 2, 3, 4]
        assert [record.position for record in await stream.read(RECORD, 0)] == [0, 1, 2, 3, 4]
        assert (await stream.oldest(RECORD), await stream.end(RECORD)) == (0, 5)

    async def test_topics_count_their_positions_apart(self, stream: Stream) -> None:
        await stream.append(RECORD, numbered(3))
        assert [stored.position for stored in await stream.append(SUBMISSIONS, numbered(1))] == [0]
        assert (await stream.end(RECORD), await stream.end(SUBMISSIONS), await stream.end(PARTS)) == (3, 1, 0)

    async def test_the_ends_of_all_partitions_are_those_of_each(self, stream: Stream) -> None:
        parts = next(topic for topic in topics(3) if topic.name == PARTS)
        await stream.create([replace(parts, name="spread")])
        await stream.append("spread", [Entry(bytes([number]), b"") for number in range(50)])
        ends = await stream.ends("spread")
        assert ends == [await stream.end("spread", partition=number) for number in range(3)]
        assert (sum(ends), len(set(ends))) == (50, 3)  # three different ones, or their order would not tell
        assert await stream.ends(RECORD) == [0]

    async def test_the_append_time_is_the_streams_clock_and_read_back_the_same(self, stream: Stream) -> None:
        before = time.time_ns() // 1_000_000
        [stored] = await stream.append(RECORD, numbered(1))
        after = time.time_ns() // 1_000_000
        assert before <= stored.time_ms <= after
        assert [record.time_ms for record in await stream.read(RECORD, 0)] == [stored.time_ms]

    async def test_headers_come_back_repeated_in_order_and_binary(self, stream: Stream) -> None:
        headers = (("ce_type", b"x"), ("ce_type", b"\x00\xff\x80"), ("größe", b""))
        await stream.append(RECORD, [Entry(b"k", b"v", headers), Entry(b"k", b"v")])
        assert [record.headers for record in await stream.read(RECORD, 0)] == [headers, ()]

    async def test_a_tombstone_and_an_empty_value_come_back_as_two_things(self, stream: Stream) -> None:
        await stream.append(SUBMISSIONS, [Entry(b"k", None), Entry(b"k", b""), Entry(b"", b"v")])
        read = [(record.key, record.value) for record in await stream.read(SUBMISSIONS, 0)]
        assert read == [(b"k", None), (b"k", b""), (b"", b"v")]

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        calls=st.lists(st.lists(_ENTRIES, max_size=4), max_size=6), limit=st.integers(1, 4), bound=st.integers(1, 600)
    )
    async def test_any_pages_of_any_appends_add_up_to_what_was_appended(
        self, stream: Stream, calls: list[list[Entry]], limit: int, bound: int
    ) -> None:
        start = await stream.end(RECORD)
        for call in calls:
            await stream.append(RECORD, call)
        read = await all_records(stream, RECORD, position=start, limit=limit, max_bytes=bound)
        assert content(read) == [entry for call in calls for entry in call]

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(calls=st.lists(st.lists(_ENTRIES, max_size=4), max_size=6))
    async def test_a_compact_topic_keeps_the_newest_of_every_key(
        self, stream: Stream, calls: list[list[Entry]]
    ) -> None:
        start = await stream.end(PARTS)
        for call in calls:
            await stream.append(PARTS, call)
        records = await all_records(stream, PARTS, position=start)
        positions = [record.position for record in records]
        assert positions == sorted(set(positions))
        newest = {entry.key: entry for call in calls for entry in call}
        assert {entry.key: entry for entry in content(records)} == newest

    async def test_a_part_appended_twice_does_no_harm_and_survives_once(self, stream: Stream) -> None:
        first, again = await stream.append(PARTS, [Entry(b"digest", b"jwe"), Entry(b"digest", b"jwe")])
        assert again.position > first.position
        await _compacted(stream, PARTS, lambda records: sum(record.key == b"digest" for record in records) == 1)
        assert (await all_records(stream, PARTS))[0].value == b"jwe"

    async def test_a_tombstone_takes_away_what_its_key_held(self, stream: Stream) -> None:
        await stream.append(PARTS, [Entry(b"digest", b"jwe"), Entry(b"other", b"jwe")])
        await stream.append(PARTS, [Entry(b"digest", None)])
        await _compacted(stream, PARTS, lambda records: all(r.value is None for r in records if r.key == b"digest"))
        assert [record.value for record in await all_records(stream, PARTS) if record.key == b"other"] == [b"jwe"]

    async def test_positions_are_not_given_again_after_compaction(self, stream: Stream, place: StreamPlace) -> None:
        for _ in range(3):
            await stream.append(PARTS, [Entry(b"digest", b"jwe")])
        end = await stream.end(PARTS)
        await stream.close()
        again = await opened(place)
        [stored] = await again.append(PARTS, [Entry(b"digest", None)])
        await again.close()
        assert stored.position == end

    async def test_reading_a_compact_topic_below_its_oldest_record_starts_at_the_oldest(self, stream: Stream) -> None:
        await stream.append(PARTS, [Entry(b"a", b"1"), Entry(b"b", b"1"), Entry(b"a", b"2"), Entry(b"b", b"2")])
        await _compacted(stream, PARTS, lambda records: records[0].position >= 2)
        records = await stream.read(PARTS, 0, limit=1)
        assert await stream.oldest(PARTS) <= records[0].position

    async def test_every_record_of_a_key_is_in_one_partition_in_order(self, stream: Stream) -> None:
        spread = Topic("spread", 3, "forever", "", "", (), ())
        await stream.create([spread])
        entries = [Entry(b"key %d" % (number % 20), b"%d" % number) for number in range(100)]
        stored = await stream.append("spread", entries)
        partitions = [await stream.read("spread", 0, partition=number) for number in range(stream.partitions("spread"))]
        keys = [{record.key for record in records} for records in partitions]
        assert [len(records) > 0 for records in partitions] == [True] * 3
        assert sum(len(some) for some in keys) == len(set().union(*keys)) == 20
        for records in partitions:
            numbers = [int(record.value or b"") for record in records]
            assert numbers == sorted(numbers)
            assert [stored[number].position for number in numbers] == [record.position for record in records]

    async def test_a_large_batch_comes_back_whole_in_pages_within_their_bounds(self, stream: Stream) -> None:
        entries = [Entry(b"%d" % number, number.to_bytes(2) * (8 << 10)) for number in range(500)]
        await stream.append(RECORD, entries)
        position = 0
        while page := await stream.read(RECORD, position, max_bytes=1 << 20):
            assert sum(size_of(record) for record in page) <= 1 << 20
            assert content(page) == entries[position : position + len(page)]
            position += len(page)
        assert position == 500

    async def test_a_page_has_at_most_as_many_records_as_asked(self, stream: Stream) -> None:
        await stream.append(RECORD, numbered(10))
        assert [len(await stream.read(RECORD, 0, limit=limit)) for limit in (1, 3, 10, 11)] == [1, 3, 10, 10]

    async def test_a_record_larger_than_the_page_is_still_read(self, stream: Stream) -> None:
        await stream.append(RECORD, [Entry(b"k", b"x" * 1000), Entry(b"k", b"y")])
        assert [record.value for record in await stream.read(RECORD, 0, max_bytes=10)] == [b"x" * 1000]

    async def test_a_slow_reader_needs_memory_for_its_pages_only(self, stream: Stream) -> None:
        for _ in range(4):
            await stream.append(RECORD, [Entry(b"k", bytes(16 << 10)) for _ in range(500)])
        tracemalloc.start()
        position = 0
        while page := await stream.read(RECORD, position, max_bytes=256 << 10):
            position += len(page)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 6 << 20  # of 32 MiB; an adapter may fetch ahead by one fetch

    async def test_an_append_of_nothing_stores_nothing(self, stream: Stream) -> None:
        assert await stream.append(RECORD, []) == []
        assert await stream.end(RECORD) == 0

    async def test_an_oversized_entry_is_refused_and_nothing_of_its_append_is_stored(self, stream: Stream) -> None:
        with pytest.raises(Refused) as refused:
            await stream.append(RECORD, [Entry(b"k", b"v"), Entry(b"k", bytes(MAX_ENTRY_BYTES))])
        assert (refused.value.code, refused.value.faults[0].pointer) == ("TOO_LARGE", "/1")
        with pytest.raises(Refused, match="TOO_LARGE"):
            await stream.append(
                RECORD, [Entry(b"", bytes(MAX_ENTRY_BYTES))] * (MAX_APPEND_BYTES // MAX_ENTRY_BYTES + 1)
            )
        assert await stream.end(RECORD) == 0

    async def test_the_largest_entry_is_stored(self, stream: Stream) -> None:
        await stream.append(RECORD, [Entry(b"", bytes(MAX_ENTRY_BYTES))])
        assert [size_of(record) for record in await stream.read(RECORD, 0)] == [MAX_ENTRY_BYTES]

    async def test_a_position_beyond_the_end_is_tampered(self, stream: Stream) -> None:
        await stream.append(RECORD, numbered(2))
        await stream.append(PARTS, numbered(2))
        for topic in (RECORD, PARTS):
            with pytest.raises(Tampered):
                await stream.read(topic, 3)

    async def test_making_a_topic_again_changes_nothing(self, stream: Stream) -> None:
        await stream.append(RECORD, numbered(1))
        await stream.create(topics(1))
        assert (await stream.end(RECORD), stream.partitions(RECORD)) == (1, 1)

    @pytest.mark.parametrize("change", [{"partitions": 2}, {"cleanup": "compact"}])
    async def test_a_topic_that_exists_with_other_properties_is_refused(
        self, stream: Stream, change: dict[str, object]
    ) -> None:
        topic = next(topic for topic in topics(1) if topic.name == RECORD)
        with pytest.raises(Refused, match="TOPIC_DIFFERS"):
            await stream.create([COLD, replace(topic, **change)])  # type: ignore[arg-type]

    async def test_a_topic_that_was_not_made_is_unavailable(self, stream: Stream) -> None:
        name = COLD.name
        for use in (stream.append(name, numbered(1)), stream.read(name, 0), stream.end(name), stream.oldest(name)):
            with pytest.raises(Unavailable) as unavailable:
                await use
            assert unavailable.value.code == "TOPIC_UNKNOWN"
