from hifadhi.stream.topics import DIRECTORY, FLOW, INBOX, PARTS, PROGRESS, RECORD, SUBMISSIONS, inbox, topics


def _row(name: str) -> tuple[int, str]:
    return next((topic.partitions, topic.cleanup) for topic in FLOW if topic.name == name)


def test_what_is_evidence_is_kept_for_ever_in_one_partition() -> None:
    assert {_row(name) for name in (SUBMISSIONS, RECORD, DIRECTORY)} == {(1, "forever")}


def test_what_can_be_erased_is_compact() -> None:
    assert _row(PARTS) == (4, "compact")


def test_progress_is_one_partition_compacted_so_that_its_end_is_the_newest() -> None:
    assert _row(PROGRESS) == (1, "compact")


def test_the_topics_made_at_start_are_the_flow_without_those_of_agencies() -> None:
    assert topics() == tuple(topic for topic in FLOW if topic.name != INBOX)


def test_each_agency_has_a_topic_of_its_own_in_which_items_can_be_erased() -> None:
    assert inbox("MZ-INAR").name == "inbox.MZ-INAR"
    assert (inbox("MZ-INAR").partitions, inbox("MZ-INAR").cleanup) == (1, "compact")


def test_parts_alone_are_spread_over_the_partitions_asked_for() -> None:
    assert {topic.name: topic.partitions for topic in topics(7) if topic.partitions > 1} == {PARTS: 7}


def test_every_topic_has_a_writer_and_a_reader_and_a_name_of_its_own() -> None:
    assert all(topic.written_by and topic.read_by for topic in FLOW)
    assert len({topic.name for topic in FLOW}) == len(FLOW)
