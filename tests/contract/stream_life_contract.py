"""What every adapter of the stream port keeps when callers are many, wait, are cancelled, killed, restarted, closed."""

import asyncio
import time

import pytest

from contract.places import StreamPlace
from contract.processes import finished, line_of, started
from contract.records import all_records, content, numbered, opened
from hifadhi.errors import Unavailable
from hifadhi.stream.port import Entry, Record, Stream
from hifadhi.stream.topics import RECORD, SUBMISSIONS, topics


class StreamLifeContract:
    async def test_concurrent_callers_each_keep_their_order_and_lose_nothing(self, stream: Stream) -> None:
        async def caller(name: bytes) -> list[tuple[int, bytes]]:
            values = [b"%s %d" % (name, number) for number in range(20)]
            return [((await stream.append(RECORD, [Entry(name, value)]))[0].position, value) for value in values]

        answers = await asyncio.gather(*(caller(b"%d" % number) for number in range(32)))
        assert all(answer == sorted(answer) for answer in answers)
        told = sorted(pair for answer in answers for pair in answer)
        assert [(record.position, record.value) for record in await all_records(stream, RECORD)] == told

    async def test_more_callers_than_can_wait_at_once_are_all_served(self, stream: Stream) -> None:
        answers = await asyncio.gather(*(stream.append(RECORD, [entry]) for entry in numbered(3000)))
        assert sorted(answer[0].position for answer in answers) == list(range(3000))

    async def test_a_read_at_the_end_returns_at_once_or_when_its_time_is_over(self, stream: Stream) -> None:
        await stream.append(RECORD, numbered(1))
        assert await stream.read(RECORD, 1) == []
        began = time.monotonic()
        assert await stream.read(RECORD, 1, wait_s=0.2) == []
        assert 0.19 <= time.monotonic() - began < 2

    async def test_a_waiting_reader_is_woken_by_an_append_of_its_process(self, stream: Stream) -> None:
        reader = asyncio.create_task(stream.read(RECORD, 0, wait_s=30))
        assert await stream.read(RECORD, 0, wait_s=0.1) == []  # the reader before it waits by now
        began = time.monotonic()
        await stream.append(RECORD, numbered(1))
        assert len(await reader) == 1
        assert time.monotonic() - began < 1

    async def test_a_waiting_reader_is_woken_by_an_append_of_another_process(
        self, stream: Stream, place: StreamPlace
    ) -> None:
        async def read() -> tuple[list[Record], float]:
            return await stream.read(RECORD, 0, wait_s=60), time.time()

        process = "contract.stream_process", place.adapter, place.where, RECORD, "other", "1", "1"
        (records, read_at), [line] = await asyncio.gather(read(), finished(*process))
        assert [record.value for record in records] == [b"other0 0"]
        assert read_at - float(line.split(",")[2]) < 1

    async def test_two_processes_share_a_stream_from_its_first_moment_on(self, place: StreamPlace) -> None:
        process = "contract.stream_process", place.adapter, place.where, RECORD
        outputs = await asyncio.gather(*(finished(*process, name, "50", "4") for name in ("one", "two")))
        stream = await opened(place)
        records = await all_records(stream, RECORD)
        await stream.close()
        told = sorted((int(line.split(",")[0]), line.split(",")[1]) for output in outputs for line in output)
        assert [(record.position, (record.value or b"").decode()) for record in records] == told
        assert [record.position for record in records] == list(range(400))

    async def test_what_was_acknowledged_survives_kill_9(self, place: StreamPlace) -> None:
        arguments = "contract.stream_process", place.adapter, place.where, RECORD, "killed", "1000000", "8"
        async with started(*arguments) as process:
            told = [await line_of(process) for _ in range(200)]
            process.kill()
            rest, _ = await process.communicate()
        whole_lines = rest.decode().rpartition("\n")[0].splitlines()
        stream = await opened(place)
        records = await all_records(stream, RECORD)
        [after] = await stream.append(RECORD, numbered(1))
        await stream.close()
        for line in (*told, *whole_lines):
            position, value, _ = line.split(",")
            assert records[int(position)].value == value.encode()
        assert [record.position for record in records] == list(range(len(records)))
        assert len({record.value for record in records}) == len(records)
        assert after.position == len(records)

    async def test_records_and_topics_are_there_again_after_a_restart(self, stream: Stream, place: StreamPlace) -> None:
        await stream.append(RECORD, numbered(5))
        await stream.close()
        again = await opened(place)
        assert content(await again.read(RECORD, 0)) == numbered(5)
        await again.close()

    async def test_a_deadline_that_passes_is_unavailable(self, stream: Stream) -> None:
        with pytest.raises(Unavailable):
            await stream.append(RECORD, numbered(1), deadline_s=0)

    async def test_cancelled_callers_leave_whole_records_and_disturb_no_other(self, stream: Stream) -> None:
        calls = [asyncio.create_task(stream.append(RECORD, [entry] * 3)) for entry in numbered(300)]
        for number, call in enumerate(calls):
            if number % 3:
                await asyncio.sleep(0)
                call.cancel()
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        records = await all_records(stream, RECORD)
        for outcome, entry in zip(outcomes, numbered(300), strict=True):
            if isinstance(outcome, list):
                assert [records[stored.position].value for stored in outcome] == [entry.value] * 3
            else:
                assert isinstance(outcome, asyncio.CancelledError)
        assert sum(isinstance(outcome, list) for outcome in outcomes) >= 100

    async def test_a_closed_stream_is_unavailable_and_closes_again(self, stream: Stream) -> None:
        await stream.close()
        await stream.close()
        for use in (stream.append(RECORD, numbered(1)), stream.read(RECORD, 0), stream.create(topics(1))):
            with pytest.raises(Unavailable):
                await use

    async def test_close_ends_waiting_reads_and_waiting_appends(self, stream: Stream) -> None:
        reader = asyncio.create_task(stream.read(RECORD, 0, wait_s=60))
        await stream.end(RECORD)
        appends = [asyncio.create_task(stream.append(SUBMISSIONS, [entry])) for entry in numbered(2000)]
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            await stream.close()
            outcomes = await asyncio.gather(reader, *appends, return_exceptions=True)
        assert isinstance(outcomes[0], Unavailable)
        assert all(isinstance(outcome, list | Unavailable) for outcome in outcomes)
