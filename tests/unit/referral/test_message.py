from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from hifadhi.errors import Refused
from hifadhi.evidence import strict_json
from hifadhi.referral import message
from hifadhi.referral.faults import pointer
from hifadhi.referral.message import HEADERS
from schema_examples import examples
from unit.referral.exchange import (
    MZ,
    READ,
    SIGN,
    TZ,
    UNHCR,
    ZA,
    Json,
    admitted,
    header,
    key_added,
    key_revoked,
    payload,
    read,
    uuid,
)

NAME = "Amina/Warsame~17"  # what a person could be found by, put wherever it does not belong
TYPES = sorted(HEADERS)
REQUEST = {"case": uuid(1), "urgency": "urgent", "seen": 7, "kind": "responsibility"}

Change = Callable[[Json], object]


def sample(kind: str) -> Json:
    """A header of the type, as the published examples have it."""
    instances = [e.instance for e in examples("accepted") if e.schema == f"urn:hifadhi:schema:{kind}:1"]
    return deepcopy(max(instances, key=len))


def request(**members: Any) -> Json:
    return payload("referral.requested", MZ, (ZA,), **{**REQUEST, **members})


def refusal(raw: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        message.parse(raw)
    return refused.value


def first(document: Any) -> tuple[str, str]:
    """The code and the pointer of the first fault."""
    fault = refusal(strict_json.dump(document)).faults[0]
    return fault.code, fault.pointer


@pytest.mark.parametrize("kind", TYPES)
def test_a_header_of_every_type_is_read(kind: str) -> None:
    document = sample(kind)
    read_back = message.parse(strict_json.dump(document))
    assert type(read_back) is HEADERS[kind]
    assert read_back.sender == document["from"]
    assert read_back.addressees == tuple(document.get("to", ()))
    assert read_back.about == document.get("case", document["id"])


# JSON

BROKEN = [
    ("NOT_JSON", b""),
    ("NOT_JSON", b"{"),
    ("NOT_JSON", b'{"format":1}{}'),
    ("NOT_JSON", b'{"format":1.0}'),
    ("NOT_JSON", b'{"format":9007199254740992}'),
    ("NOT_JSON", b'{"format":NaN}'),
    ("BAD_ENCODING", b'{"format":"\xff"}'),
    ("BAD_ENCODING", b'{"format":"\\ud800"}'),
    ("DUPLICATE_KEY", b'{"format":1,"format":1}'),
    ("TOO_DEEP", b'{"format":' + b"[" * 16 + b"]" * 16 + b"}"),
    ("SCHEMA", b"[]"),
    ("SCHEMA", b'"encounter.reported"'),
    ("SCHEMA", b"null"),
]


@pytest.mark.parametrize(("code", "raw"), BROKEN)
def test_what_is_no_strict_json_object_is_refused_with_its_code(code: str, raw: bytes) -> None:
    assert refusal(raw).code == code


# The format, then the type, then the schema


@pytest.mark.parametrize("number", [None, 2, 0, "1", True, [1], {}])
def test_another_format_is_unknown_whatever_else_is_wrong(number: Any) -> None:
    document = {**request(), "type": "no.such", "format": number}
    assert first(document) == ("FORMAT_UNKNOWN", "/format")


def test_a_header_without_a_format_is_of_an_unknown_one() -> None:
    assert first({}) == ("FORMAT_UNKNOWN", "/format")


@pytest.mark.parametrize("kind", [None, "", "no.such", "transfer.undone", "Referral.requested", 1, True, ["x"], {}])
def test_another_type_is_unknown_whatever_else_is_wrong(kind: Any) -> None:
    assert first({"format": 1, "type": kind, "id": 5}) == ("TYPE_UNKNOWN", "/type")


# The schema


def put(path: str, value: Any) -> Change:
    """Changes the member at a simple path."""
    *parents, last = (int(step) if step.isdigit() else step for step in path.split("/")[1:])

    def change(document: Json) -> None:
        target: Any = document
        for step in parents:
            target = target[step]
        target[last] = value

    return change


def drop(member: str) -> Change:
    return lambda document: document.pop(member)


WRONG: list[tuple[str, Change]] = [
    ("/id", put("/id", "01920000-0000-4000-8000-000000000001")),
    ("/id", put("/id", uuid(1).upper().replace("0", "A"))),
    ("/id", put("/id", uuid(1) + "\n")),
    ("/id", drop("id")),
    ("/from", put("/from", "MZ")),
    ("/from", drop("from")),
    ("/sent_at", put("/sent_at", "2026-11-23T10:00:00Z")),
    ("/sent_at", put("/sent_at", "2026-11-23T10:00:00.000+02:00")),
    ("/sent_at", put("/sent_at", "2026-02-30T10:00:00.000Z")),
    ("/sequence", put("/sequence", 0)),
    ("/sequence", put("/sequence", value=True)),
    ("/sequence", put("/sequence", "1")),
    ("/seen", put("/seen", 0)),
    ("/seen", drop("seen")),
    ("/case", put("/case", None)),
    ("/case", drop("case")),
    ("/kind", put("/kind", "favour")),
    ("/urgency", put("/urgency", "yesterday")),
    ("/new_element", put("/new_element", value=False)),
    ("/new_element", put("/new_element", 1)),
    ("/new_element", put("/new_element", None)),
    ("/group", put("/group", None)),
    ("", put("/nationality", "SOM")),
    ("", put("/referral", uuid(1))),
    ("/to", put("/to", [])),
    ("/to", put("/to", [MZ])),
    ("/to", put("/to", ZA)),
    ("/to/0", put("/to", ["GOVERNANCE"])),
    ("/to", drop("to")),
    ("/parts", put("/parts", [])),
    ("/parts", lambda document: document["parts"].pop()),
    ("/parts", lambda document: document["parts"].reverse()),
    ("/parts", lambda document: document["parts"].append(document["parts"][0])),
    ("/parts/1/name", put("/parts/1/name", "secret")),
    ("/parts", put("/parts/1/name", "movement")),
    ("/parts/0/schema", put("/parts/0/schema", "referral.requested.content")),
    ("/parts", put("/parts/0/schema", "referral.requested.content/2")),
    ("/parts/2/suite", put("/parts/2/suite", "RSA1_5")),
    ("/parts/0/digest", put("/parts/0/digest", "A" * 42 + "B")),
    ("/parts/0/commitment", put("/parts/0/commitment", "A" * 42)),
    ("/parts/0", put("/parts/0/age", 15)),
    ("/parts/0/readers", put("/parts/0/readers", [])),
    ("/parts/0/readers", put("/parts/0/readers", [ZA, MZ])),
    ("/parts/0/readers", put("/parts/0/readers", [MZ, MZ])),
    ("/parts/1/readers", put("/parts/1/readers", [ZA])),
    ("/parts/1/readers", put("/parts/1/readers", [f"AA-{number:02}" for number in range(17)])),
    ("/parts/0/readers/1", put("/parts/0/readers/1", "za-dha")),
]


@pytest.mark.parametrize(("where", "change"), WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_the_pointer_of_a_fault_is_where_the_fault_is(where: str, change: Change) -> None:
    document = request()
    change(document)
    assert first(document) == ("SCHEMA", where)


def test_every_fault_has_its_pointer() -> None:
    document = {**request(), "id": 1, "seen": 0, "kind": "favour"}
    assert {fault.pointer for fault in refusal(strict_json.dump(document)).faults} == {"/id", "/seen", "/kind"}


def test_there_are_at_most_sixteen_faults_however_many_there_are() -> None:
    document = {**request(), **{f"surplus{number}": 1 for number in range(100)}}
    assert len(refusal(strict_json.dump(document)).faults) == 16


@pytest.mark.parametrize("to", [(ZA, TZ), (TZ, TZ)])
def test_addressees_are_sorted_each_once(to: tuple[str, ...]) -> None:
    document = payload("encounter.reported", MZ, (TZ, ZA), case=uuid(1))
    assert first({**document, "to": list(to)}) == ("SCHEMA", "/to")
    assert read(document).addressees == (TZ, ZA)


def test_the_sender_is_not_its_own_addressee() -> None:
    assert first(payload("encounter.reported", MZ, (MZ, ZA), case=uuid(1))) == ("SCHEMA", "/to")


def test_an_encounter_names_its_case_or_opens_one() -> None:
    opening = header("encounter.reported", UNHCR, (MZ,))
    assert opening.about == opening.id
    assert header("encounter.reported", UNHCR, (MZ,), case=uuid(1)).about == uuid(1)


# Keys in statements


def test_a_key_is_a_point_of_its_curve() -> None:
    off = {**READ[MZ].public.as_dict(), "x": "A" * 43}
    weak = {**SIGN[MZ].public.as_dict(), "x": "A" * 43}
    assert first(admitted(MZ, identity=off)) == ("SCHEMA", "/identity/x")
    assert first(admitted(MZ, identity=weak)) == ("SCHEMA", "/identity/x")
    assert first(key_added(MZ, "sign", SIGN[MZ], key=weak)) == ("SCHEMA", "/key/x")


def test_a_private_key_is_never_taken() -> None:
    assert first(key_added(MZ, "sign", SIGN[MZ], key=SIGN[MZ].as_dict())) == ("SCHEMA", "/key")


def test_a_reading_key_is_on_p_256() -> None:
    assert first(key_added(MZ, "read", SIGN[MZ])) == ("SCHEMA", "/key/crv")
    read(key_added(MZ, "read", READ[MZ]))
    read(key_added(MZ, "sign", READ[MZ]))


def test_a_revocation_says_since_when_by_a_real_day() -> None:
    read(key_revoked(MZ, MZ, SIGN[MZ].kid, invalid_since="2028-02-29T00:00:00.000Z"))
    wrong = key_revoked(MZ, MZ, SIGN[MZ].kid, invalid_since="2027-02-29T00:00:00.000Z")
    assert first(wrong) == ("SCHEMA", "/invalid_since")


# What a refusal says


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, member in pairs:
        yield from paths(member, (*path, step))


def spoiled(document: Json) -> Iterator[tuple[str, Any]]:
    """The header with a name at each place in turn: as the value, in a list, as a member's name; and the place."""
    for path in paths(document):
        for value in (NAME, [NAME], {NAME: NAME}):
            yield pointer(path), replaced(document, path, value)
        if isinstance(at(document, path), dict):
            yield pointer(path), replaced(document, path, {**at(document, path), NAME: NAME})


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    return at(value[path[0]], path[1:]) if path else value


def replaced(value: Any, path: tuple[str | int, ...], new: Any) -> Any:
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize("kind", TYPES)
def test_a_refusal_points_at_the_place_and_never_repeats_what_stood_there(kind: str) -> None:
    for where, document in spoiled(sample(kind)):
        if where in {"/name", "/title"} and document[where[1:]] == NAME:
            continue  # the only texts in headers: an agency's name, and what a group is called
        refused = refusal(strict_json.dump(document))
        assert "Amina" not in str(refused)
        assert "Warsame" not in str(refused)
        assert all(where.startswith(fault.pointer) or fault.pointer.startswith(where) for fault in refused.faults)


MAY_BE_ABSENT = {"group", "encounter", "new_element", "invalid_since"}


@pytest.mark.parametrize("kind", TYPES)
def test_whatever_member_is_missing_it_is_named(kind: str) -> None:
    fields = {(field.alias or name): field.is_required() for name, field in HEADERS[kind].model_fields.items()}
    for member in (name for name in sample(kind) if fields[name] and name not in {"format", "type"}):
        document = sample(kind)
        del document[member]
        assert first(document) == ("SCHEMA", f"/{member}")
