from dataclasses import replace
from typing import Any

import pytest

from hifadhi.evidence.jws import MESSAGE, read_envelope
from hifadhi.evidence.leaf import Ruling
from hifadhi.evidence.report import Verified
from hifadhi.evidence.story import _LAPSES, REASONS, WAITING, Happened, Line, deadlines, tell
from hifadhi.evidence.verify import Verifier
from hifadhi.referral import message
from hifadhi.referral.clocks import PERIODS
from hifadhi.referral.headers import MESSAGES
from hifadhi.referral.sayings import _SAID, BOUNCES
from hifadhi.referral.table import ARRIVAL
from sealed_ledgers import DAY, HOUR, EverythingSealed, Exchange, everything, examined_again, the_root


@pytest.fixture(scope="module")
def sealed() -> EverythingSealed:
    return everything()


@pytest.fixture(scope="module")
def told(sealed: EverythingSealed) -> dict[int, Line]:
    return lines_of(sealed)


def lines_of(sealed: EverythingSealed) -> dict[int, Line]:
    verifier = Verifier(the_root())
    lines = (_line(verifier.add(leaf)) for leaf in sealed.exchange.leaves)
    return {line.index: line for line in lines if line}


def _line(verified: Verified) -> Line | None:
    ruling, envelope = verified.leaf.ruling, verified.leaf.envelope
    if verified.case is None:
        return None
    payload = read_envelope(envelope, typ=MESSAGE).payload if envelope else b""
    readable = bool(envelope) and ruling.code != "SCHEMA"
    header = message.parse(payload) if readable else None
    return tell(Happened(index=verified.index, ruling=ruling, header=header, case=verified.case))


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("opened", "MZ-INAR reported an encounter and opened the case; MZ-INAR owes protection."),
        ("asked", "MZ-INAR asked ZA-DHA to take responsibility for this person (standard)."),
        ("stale", "MZ-INAR accepted the request of TZ-RSD — REFUSED, nothing changed: it was decided on a state that"),
        ("moved", "having met the person itself: responsibility moves to MZ-INAR at once."),
        ("irregular", "ZA-DHA's system took the request of MZ-INAR — kept on record, but it does not fit"),
        (
            "lapsed receipt",
            "Deadline passed: ZA-DHA did not take the request of MZ-INAR in time; its time to reply runs",
        ),
        (
            "lapsed reply",
            "Deadline passed: ZA-DHA did not answer the request of MZ-INAR in time. The request is escalated",
        ),
        ("lapsed re-examination", "MZ-INAR did not ask ZA-DHA to look again; the decline is final."),
        ("not new", "the same was finally declined before"),
        ("no header", "A message that names this case and cannot be read — REFUSED"),
        ("after revocation", "the key that signed it was revoked"),
    ],
)
def test_a_line_says_what_happened(sealed: EverythingSealed, told: dict[int, Line], where: str, words: str) -> None:
    assert words in told[sealed.index[where]].words


@pytest.mark.parametrize(
    ("where", "words", "state"),
    [
        ("look again", "MZ-INAR asked ZA-DHA to examine its declined request again.", "REEXAMINATION"),
        (
            "declined finally",
            "ZA-DHA declined finally, after a re-examination, the request of MZ-INAR",
            "DECLINED_FINAL",
        ),
        ("lapsed answer", "TZ-RSD did not answer MZ-INAR, who had asked it to look again;", "DECLINED_FINAL"),
    ],
)
def test_a_line_of_a_re_examination_says_what_happened(where: str, words: str, state: str) -> None:
    again = examined_again()
    line = lines_of(again)[again.index[where]]
    assert words in line.words
    assert (line.state, line.responsible) == (state, "MZ-INAR")


@pytest.mark.parametrize("ruled", [{"irregular": True}, {"ruling": "refused", "code": "NOT_ALLOWED_NOW"}])
def test_what_had_no_effect_is_not_told_as_if_it_had(ruled: dict[str, Any]) -> None:
    again, verifier = examined_again(), Verifier(the_root())
    at = again.index["declined finally"]
    verified = [verifier.add(leaf) for leaf in again.exchange.leaves[: at + 1]][at]
    assert verified.case
    header = message.parse(read_envelope(verified.leaf.envelope, typ=MESSAGE).payload)
    ruling = replace(verified.leaf.ruling, **ruled)
    words = tell(Happened(index=at, ruling=ruling, header=header, case=verified.case)).words
    assert words.startswith("ZA-DHA declined the request of MZ-INAR (the reasons are sealed) — ")


def test_an_irregular_departure_is_not_told_as_if_its_sender_owed_protection(sealed: EverythingSealed) -> None:
    case = sealed.exchange.fold.cases[sealed.case]
    facts = {"case": case.id, "referral": case.id, "to": ["ZA-DHA"], "transfer": case.id}
    left = sealed.exchange.envelope("TZ-RSD", "departure.confirmed", **facts)
    header = message.parse(read_envelope(left, typ=MESSAGE).payload)
    ruling = Ruling(ruling="recorded", irregular=True, position=9, stored_at="…")
    words = tell(Happened(index=9, ruling=ruling, header=header, case=case)).words
    assert words.startswith("TZ-RSD confirmed, by two officers, that the person has left for ZA-DHA — kept on record")


def test_a_lapse_of_consent_names_those_who_did_not_confirm_this_change() -> None:
    made = EverythingSealed(Exchange(), "", {})
    exchange = made.exchange
    exchange.admit_all()
    case = exchange.opened("MZ-INAR")
    for agency in ("TZ-RSD", "ZA-DHA"):
        exchange.say(agency, "encounter.reported", case=case, to=[])
    first = exchange.say("MZ-INAR", "consent.changed", case=case, to=["TZ-RSD", "ZA-DHA"]).message
    exchange.say("TZ-RSD", "data.restricted", case=case, in_reply_to=first, to=["MZ-INAR"])
    exchange.now += HOUR
    exchange.say("TZ-RSD", "consent.changed", case=case, to=["MZ-INAR"])
    exchange.tick(10 * DAY)
    late = [line.words for line in lines_of(made).values() if line.words.startswith("Deadline passed")]
    assert late == [
        "Deadline passed: ZA-DHA did not confirm in time to follow the changed consent.",
        "Deadline passed: MZ-INAR and ZA-DHA did not confirm in time to follow the changed consent.",
    ]


def test_a_line_says_who_is_responsible_and_how_the_referral_stands(
    sealed: EverythingSealed, told: dict[int, Line]
) -> None:
    before, after = told[sealed.index["moved"] - 1], told[sealed.index["moved"]]
    assert (before.responsible, before.state) == ("TZ-RSD", "SENT")
    assert (after.responsible, after.state) == ("MZ-INAR", "ARRIVED")
    assert [deadline.clock for deadline in after.deadlines] == ["stalled"]


def test_a_line_says_which_deadlines_run_and_for_whom(sealed: EverythingSealed, told: dict[int, Line]) -> None:
    asked, silent = told[sealed.index["asked"]], told[sealed.index["lapsed receipt"]]
    stalled = ("stalled", "MZ-INAR", "2027-01-31T22:00:00.000Z")
    told_of = [[(d.clock, d.agency, d.due) for d in line.deadlines] for line in (asked, silent)]
    assert told_of[0] == [("receipt", "ZA-DHA", "2026-11-03T20:00:00.000Z"), stalled]
    assert told_of[1] == [("reply", "ZA-DHA", "2026-12-03T22:00:00.000Z"), stalled]
    declined = told[sealed.index["lapsed re-examination"] - 1]
    assert next((d.clock, d.agency) for d in declined.deadlines) == ("reexamination", "MZ-INAR")


def test_deadlines_come_in_the_order_in_which_they_lapse(sealed: EverythingSealed) -> None:
    exchange = sealed.exchange
    for case in exchange.fold.cases.values():
        assert [d.due for d in deadlines(case)] == sorted(d.due for d in deadlines(case))


def test_every_message_type_and_every_clock_has_its_words() -> None:
    assert set(_SAID) == set(MESSAGES)
    assert WAITING.keys() == _LAPSES.keys() == {clock for clock, _ in PERIODS} | {ARRIVAL}
    assert BOUNCES.keys() <= {"UNOPENABLE", "COMMITMENT", "SCHEMA"}
    assert all(words[0].islower() for words in REASONS.values())


def test_what_one_agency_said_in_anothers_name_is_not_told_as_that_others_word(sealed: EverythingSealed) -> None:
    case = sealed.exchange.fold.cases[sealed.case]
    payload = read_envelope(sealed.exchange.envelope("MZ-INAR", "encounter.reported", case=case.id, to=[]), typ=MESSAGE)
    header = message.parse(payload.payload)
    ruling = Ruling(ruling="refused", code="SENDER_MISMATCH", position=9, stored_at="…")
    assert tell(Happened(index=9, ruling=ruling, header=header, case=case)).words.startswith(
        "In another's name: MZ-INAR"
    )
