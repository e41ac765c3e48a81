"""A newer version of a code list: which file is sound, and how the directory keeps count of versions."""

import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused
from hifadhi.referral import admission
from hifadhi.referral.codes import LISTS, list_file
from hifadhi.referral.directory import Directory, PublishedList
from hifadhi.referral.directory_changes import MOST_CODE_LISTS, objection
from hifadhi.referral.header import GOVERNANCE
from unit.referral.exchange import DIGEST, DIRECTORY, MZ, Json, directory_after, payload, read

POSTS = {**LISTS["border-posts"].document(), "version": 2}


def a_newer(**changed: Any) -> tuple[bytes, str]:
    document = {**deepcopy(POSTS), **changed}
    return json.dumps(document).encode(), f"{document['list']}.{document['version']}.json"


def refused(raw: bytes, name: str) -> tuple[str, str] | None:
    try:
        list_file.read(raw, file_name=name)
    except Refused as refusal:
        return refusal.code, refusal.faults[0].pointer
    return None


@pytest.mark.parametrize("name", LISTS)
def test_every_list_can_grow(name: str) -> None:
    document = LISTS[name].document()
    document["version"] += 1
    document["codes"].append({"code": "QQ-NEW", "label": {"en": "Something new", "pt": "Algo novo"}})
    found = list_file.read(json.dumps(document).encode(), file_name=f"{name}.{document['version']}.json")
    assert len(found.codes) == len(LISTS[name].labels) + 1


def test_a_list_that_is_not_built_in_is_read_too() -> None:
    assert refused(*a_newer(list="vessel-kinds", version=1)) is None


def test_the_digest_is_of_the_bytes() -> None:
    assert list_file.digest(b"") == DIGEST


Change = Callable[[Json], object]
UNSOUND: dict[str, tuple[Change, tuple[str, str]]] = {
    "built in": (lambda d: d.update(version=1), ("VERSION", "/version")),
    "a code dropped": (lambda d: d["codes"].pop(), ("MEANING", "/codes")),
    "another meaning": (lambda d: d["codes"][0]["label"].update(en="Elsewhere"), ("MEANING", "/codes")),
    "twice": (lambda d: d["codes"].append(d["codes"][0]), ("SCHEMA", "/codes")),
    "no English": (lambda d: d["codes"][1].update(label={"pt": "Posto"}), ("SCHEMA", "/codes/1/label")),
    "no English title": (lambda d: d.update(title={"pt": "Posto"}), ("SCHEMA", "/title")),
    "surplus": (lambda d: d.update(author="x"), ("SCHEMA", "")),
    "no codes": (lambda d: d.update(codes=[]), ("SCHEMA", "/codes")),
    "an escape": (lambda d: d["codes"][0].update(code="\x1b[2J"), ("SCHEMA", "/codes/0/code")),
}


@pytest.mark.parametrize("what", UNSOUND)
def test_a_file_that_is_not_sound_is_refused_and_says_where(what: str) -> None:
    change, expected = UNSOUND[what]
    document = deepcopy(POSTS)
    change(document)
    assert refused(json.dumps(document).encode(), f"border-posts.{document['version']}.json") == expected


def test_a_file_is_called_what_it_is() -> None:
    raw, _ = a_newer()
    assert refused(raw, "border-posts.3.json") == ("SCHEMA", "/list")
    assert refused(b"{", "x.json") == ("NOT_JSON", "")


def published(name: str = "border-posts", version: int = 2, digest: str = DIGEST) -> Json:
    return payload("codelist.published", GOVERNANCE, list=name, version=version, digest=digest)


def fits(statement: Json, directory: Directory = DIRECTORY) -> bool:
    return objection(directory, read(statement)) is None


@given(st.lists(st.tuples(st.sampled_from(["border-posts", "purposes"]), st.integers(1, 5)), max_size=10))
def test_of_each_list_the_highest_version_counts_and_it_only_rises(said: list[tuple[str, int]]) -> None:
    directory, highest = DIRECTORY, dict[str, int]()
    for name, version in said:
        rises = version > highest.get(name, 0)
        assert fits(published(name, version), directory) == rises
        if rises:
            directory, highest[name] = directory_after(published(name, version), start=directory), version
    assert directory.code_lists == {name: PublishedList(version, DIGEST) for name, version in highest.items()}


def test_there_is_room_for_so_many_lists() -> None:
    names = [f"{'abcdefghijklmnopqrstuvwxyz'[n // 26]}{'abcdefghijklmnopqrstuvwxyz'[n % 26]}" for n in range(201)]
    full = directory_after(*(published(name) for name in names[:MOST_CODE_LISTS]), start=DIRECTORY)
    assert not fits(published(names[200]), full)
    assert fits(published(names[0], 3), full)


def test_only_governance_publishes_a_list() -> None:
    by_an_agency = payload("codelist.published", MZ, list="border-posts", version=2, digest=DIGEST)
    with pytest.raises(Refused, match="NOT_YOUR_ROLE"):
        admission.check_standing(read(by_an_agency), DIRECTORY)
