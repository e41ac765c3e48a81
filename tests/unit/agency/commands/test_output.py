"""What the commands say of a ruling: an officer acts on these lines."""

from typing import Any

import pytest

from hifadhi.agency.commands import output
from hifadhi.agency.receiving.opening import Item
from hifadhi.agency.sending.sent import Sent
from hifadhi.agency.wire.exchange import Ruling
from hifadhi.evidence import leaf
from hifadhi.evidence.leaf import Leaf

ID, CASE = "019e0000-0000-7000-8000-000000000001", "019e0000-0000-7000-8000-000000000002"
AT, DUE = "2026-11-23T10:00:00.000Z", "2026-11-23T09:00:00.000Z"


def sent(ruling: str, code: str | None = None, *, irregular: bool = False) -> Sent:
    return Sent(ID, None, Ruling(ID, "A" * 43, ruling, 7, code, (), irregular=irregular))


@pytest.mark.parametrize(
    ("done", "words", "effect"),
    [
        (sent("recorded"), "recorded at index 7", True),
        (sent("recorded", irregular=True), "recorded, irregular: without effect at index 7", False),
        (sent("refused", "STALE_STATE"), "refused with STALE_STATE at index 7", False),
        (Sent(ID, None), "not sealed yet; the ruling comes with the inbox", False),
    ],
)
def test_what_was_sent_says_whether_it_has_an_effect(done: Sent, words: str, *, effect: bool) -> None:
    assert (output.sent(done).splitlines()[1], done.has_effect) == (words, effect)


def item(**ruling: Any) -> str:
    return output.item(Item(7, "party", Leaf(leaf.Ruling(position=1, stored_at=AT, **ruling), b"")))


def test_an_irregular_message_is_not_shown_as_if_it_counted() -> None:
    assert "recorded, irregular: without effect" in item(ruling="recorded", irregular=True)


@pytest.mark.parametrize(
    ("clock", "subject", "what"),
    [
        ("reply", "referral", f"referral {ID}"),
        ("stalled", "agency", "agency MZ-INAR"),
        ("consent", "message", f"message {ID}"),
    ],
)
def test_a_lapse_says_of_what_and_when_it_was_due(clock: str, subject: str, what: str) -> None:
    on = {subject: what.split()[1]}
    assert item(ruling="lapsed", clock=clock, case=CASE, due=DUE, **on).splitlines() == [
        f"#7  {AT}  lapsed  clock {clock}",
        f"    case {CASE}  {what}  was due {DUE}",
    ]
