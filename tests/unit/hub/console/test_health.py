from hifadhi.hub.console.health import troubles
from hifadhi.hub.console.unsealed import Unsealed


def test_a_stream_that_does_not_answer_is_trouble() -> None:
    assert troubles(60, None, {}, followed=0, now_ms=0) == ["The stream does not say how far the registry is."]


def test_a_page_behind_the_ledger_says_by_how_much() -> None:
    assert troubles(60, Unsealed(0, 12, None), {}, followed=10, now_ms=0) == [
        "These pages are 2 entries behind the ledger."
    ]
    assert troubles(60, Unsealed(0, 12, None), {}, followed=12, now_ms=0) == []


def test_who_has_stopped_is_named_and_not_called_behind() -> None:
    [said] = troubles(60, Unsealed(0, 12, None), {"record": "index 3: a gap"}, followed=3, now_ms=0)
    assert said == "These pages no longer follow the topic 'record': index 3: a gap."
