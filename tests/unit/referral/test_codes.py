import json
import re
from collections.abc import Iterator

import pytest

from hifadhi.referral.codes import LISTS, known, label, list_files
from hifadhi.referral.codes.listing import CodeList
from hifadhi.referral.edge.refuge import SEEKS_REFUGE
from hifadhi.referral.edge.trafficking import TRAFFICKED
from schema_examples import PUBLISHED, examples

CODED = re.compile(r"Code list ([a-z-]+); a code that is not in it is kept\.")


def coded_fields() -> Iterator[tuple[str, str]]:
    """The list's name and the pattern of every coded field in the published schemas."""
    for schema in PUBLISHED.values():
        for definition in schema.get("$defs", {}).values():
            found = CODED.fullmatch(definition.get("description", ""))
            if found:
                yield found[1], definition["pattern"]


def test_every_coded_field_has_its_list_and_every_list_its_field() -> None:
    assert {name for name, _ in coded_fields()} == set(LISTS)


@pytest.mark.parametrize(("name", "pattern"), sorted(set(coded_fields())))
def test_every_code_of_a_list_fits_the_fields_it_is_for(name: str, pattern: str) -> None:
    for code in LISTS[name].labels:
        assert re.search(pattern, code), code


@pytest.mark.parametrize("listed", LISTS.values(), ids=lambda listed: listed.name)
def test_no_two_codes_of_a_list_read_the_same(listed: CodeList) -> None:
    assert len(set(listed.labels.values())) == len(listed.labels)


def test_a_known_code_is_shown_by_its_label() -> None:
    assert known("encounter-kinds", "FOUND_STRANDED")
    assert label("encounter-kinds", "FOUND_STRANDED") == "Found stranded"


def test_an_unknown_code_is_shown_as_such() -> None:
    assert not known("specific-needs", "DC-XX")
    assert label("specific-needs", "DC-XX") == "DC-XX (not in version 1 of this list)"


def test_a_list_that_does_not_exist_is_an_error_of_the_program() -> None:
    with pytest.raises(KeyError):
        known("specific-neds", "CR-CP")


def test_a_file_has_every_label_by_language() -> None:
    file = list_files()["codes/refugee-bases.1.json"]
    assert file["list"] == "refugee-bases"
    assert file["version"] == 1
    assert file["codes"][1] == {"code": "OAU1969", "label": {"en": "1969 OAU Convention"}}


def test_the_codes_that_rules_depend_on_are_in_their_lists() -> None:
    assert all(known("protection-profiles", code) for code in SEEKS_REFUGE | TRAFFICKED)
    assert known("decline-reasons", "RESPONSIBILITY_ELSEWHERE")
    assert known("purposes", "VOLUNTARY_RETURN")
    assert known("withdrawal-reasons", "OTHER")
    assert known("evidence-kinds", "OTHER")


def test_the_examples_speak_of_codes_that_are_listed() -> None:
    codes = {code for listed in LISTS.values() for code in listed.labels}
    text = json.dumps([example.instance for example in examples("accepted") if "newer-list" not in example.file])
    written = set(re.findall(r'"(?:kind|scheme|relation|care|profile|role|basis|given_by|phase)": "([A-Z_]+)"', text))
    assert len(written) > 20
    assert written - {"SHORT_BIA", "BID"} <= codes
