import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.evidence.findings import MOST_AHEAD, MOST_FOUND, Finding, Findings


def told(numbers: list[int]) -> list[tuple[str, int, str]]:
    findings = Findings()
    for index, number in enumerate(numbers):
        findings.add("K", "MZ-INAR", number, index)
    return [(f.code, f.index, f.message) for f in findings.all()]


def test_an_unbroken_sequence_has_no_finding() -> None:
    assert told([1, 2, 3, 4]) == []


@given(numbers=st.permutations(range(1, 9)))
def test_messages_that_overtake_each_other_have_no_finding(numbers: list[int]) -> None:
    assert told(numbers) == []


def test_each_run_of_missing_numbers_is_one_finding_at_the_leaf_behind_it() -> None:
    says = "this key's sequence has no leaf with number"
    assert told([2, 7, 8, 10]) == [
        ("SEQUENCE_GAP", 0, f"{says} 1"),
        ("SEQUENCE_GAP", 1, f"{says} 3 to 6"),
        ("SEQUENCE_GAP", 3, f"{says} 9"),
    ]


def test_a_huge_number_is_one_finding_and_no_work() -> None:
    assert [code for code, _, _ in told([1, 2**53 - 1])] == ["SEQUENCE_GAP"]


def test_a_number_that_comes_again_is_found_where_it_does() -> None:
    assert [(code, index) for code, index, _ in told([1, 2, 1, 4, 4])] == [
        ("SEQUENCE_TWICE", 2),
        ("SEQUENCE_GAP", 3),
        ("SEQUENCE_TWICE", 4),
    ]


def test_a_revocation_points_to_the_first_leaf_in_doubt() -> None:
    findings = Findings()
    findings.add("K", "MZ-INAR", 1, 101)
    findings.revoke("K", (2, 101))
    findings.revoke("K", (0, 0))
    findings.revoke("another", (0, 0))
    says = "revoked as invalid since before it signed 2 leaves, the first at 101; they stand"
    assert findings.all() == (Finding("KEY_IN_DOUBT", "MZ-INAR", "K", 101, says),)


@pytest.mark.slow
def test_nobody_is_awaited_for_ever() -> None:
    findings = Findings()
    for index, number in enumerate(range(2, 3 * MOST_AHEAD, 2)):
        findings.add("K", "MZ-INAR", number, index)
    assert len(findings.numbers["K"].ahead) <= MOST_AHEAD
    assert [f.code for f in findings.all()] == ["SEQUENCE_GAP"] * (3 * MOST_AHEAD // 2 - 1)


def test_findings_fill_no_memory() -> None:
    findings = Findings()
    for index in range(MOST_FOUND + 50):
        findings.add("K", "MZ-INAR", 1, index)
    assert len(findings.found) == MOST_FOUND + 1
    assert findings.all()[-1].code == "TOO_MANY"
