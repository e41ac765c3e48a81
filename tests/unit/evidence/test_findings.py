from hypothesis import given
from hypothesis import strategies as st

from hifadhi.evidence.findings import Finding, Findings


def told(numbers: list[int]) -> list[tuple[str, int, str]]:
    findings = Findings()
    for index, number in enumerate(numbers):
        findings.add("K", "MZ-INAR", number, index, index)
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
    for index, stored_at in enumerate((10, 20, 30)):
        findings.add("K", "MZ-INAR", index + 1, 100 + index, stored_at)
    findings.revoke("K", 20)
    findings.revoke("K", 31)
    findings.revoke("another", 0)
    says = "revoked as invalid since before it signed 2 leaves, the first at 101; they stand"
    assert findings.all() == (Finding("KEY_IN_DOUBT", "MZ-INAR", "K", 101, says),)
