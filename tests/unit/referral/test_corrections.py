"""What corrections make of the bodies of a message."""

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from hifadhi.errors import Fault, Refused
from hifadhi.referral import edge, parts, places
from hifadhi.referral.closed import Closed
from hifadhi.referral.corrections import MISFIT, NOT_OPEN, Corrected, correct, misfits
from hifadhi.referral.edge.opened import Opened
from schema_examples import accepted_body

ENCOUNTER = "encounter.reported"
COUNTRIES = {"MZ-INAR": "MOZ", "ZA-DHA": "ZAF"}
WHY = {"text": "Read wrongly.", "language": "eng"}
Json = dict[str, Any]
SLUGS = ("girl-found-stranded", "one-of-ninety-three")
contents = st.sampled_from(SLUGS).map(lambda slug: accepted_body(f"{ENCOUNTER}.content/1", slug))


def encounter() -> dict[str, Closed]:
    slug = "girl-found-stranded"
    return {part: parts.body(f"{ENCOUNTER}.{part}/1", accepted_body(f"{ENCOUNTER}.{part}/1", slug)) for part in PARTS}


PARTS = ("content", "sensitive")


def said(content: Mapping[str, str | None] | None = None, **sensitive: str | None) -> dict[str, Closed]:
    """A message that corrects, by pointer; those of `sensitive` without their slash, `_0` for `/0`."""
    named = {f"/{name.replace('__', '/')}": value for name, value in sensitive.items()}
    return {"content": corrects(content or {}), "sensitive": corrects(named)}


def corrects(of: Mapping[str, str | None]) -> Closed:
    listed = [
        {"pointer": pointer, "reason": WHY, **({} if value is None else {"value": value})}
        for pointer, value in of.items()
    ]
    return parts.body("data.corrected.content/1", {"corrections": listed})


def check(bodies: Mapping[str, Closed]) -> None:
    readers = dict.fromkeys(PARTS, ("MZ-INAR", "ZA-DHA"))
    edge.check_body(ENCOUNTER, Opened("MZ-INAR", readers, bodies, COUNTRIES))


def corrected(*messages: dict[str, Closed], sealed: dict[str, Closed] | None = None) -> Corrected:
    return correct(ENCOUNTER, sealed or encounter(), messages, check)


def body(of: Corrected, part: str = "content") -> Any:
    return parts.as_json(of.bodies[part])


def faults(of: Corrected) -> list[tuple[str, str]]:
    return [(change.fault.code, change.fault.pointer) for one in of.changes for change in one if change.fault]


def test_a_value_is_replaced_and_shown_before_and_after() -> None:
    done = corrected(said({"/person/birth/date": "2010"}))
    assert body(done)["person"]["birth"]["date"] == "2010"
    ((change,),) = done.changes
    assert (change.part, change.before, change.after, change.fault) == ("content", "2011", "2010", None)


def test_what_has_to_change_together_is_corrected_together() -> None:
    day = {"/person/birth/date": "2010-05-01"}
    assert faults(corrected(said(day))) == [(MISFIT, "/content/corrections")]
    done = corrected(said({**day, "/person/birth/precision": "DAY"}))
    assert (faults(done), body(done)["person"]["birth"]["precision"]) == ([], "DAY")


def test_one_misfit_of_a_message_stops_its_others_and_nothing_else() -> None:
    first, last = said({"/person/sex": "M"}), said({"/person/birth/date": "2010"})
    done = corrected(first, said({"/person/birth/date": "2009", "/person/height": "tall"}), last)
    assert len(faults(done)) == 2
    assert (body(done)["person"]["sex"], body(done)["person"]["birth"]["date"]) == ("M", "2010")
    assert done.changes[2][0].before == "2011"


def test_an_optional_field_is_added_and_taken_away() -> None:
    assert faults(corrected(said({"/account/own_words/language": None}))) == [(MISFIT, "/content/corrections")]
    messages: list[dict[str, str | None]] = [
        {"/person_informed": None, "/place/post": "TZ-KILAMBO"},
        {"/place/post": "MZ-PALMA"},
        {"/place/post": None},
    ]
    done = corrected(*(said(one) for one in messages))
    assert faults(done) == []
    assert "person_informed" not in body(done)
    assert "post" not in body(done)["place"]
    told = [(one[-1].before, one[-1].after) for one in done.changes]
    assert told == [(None, "TZ-KILAMBO"), ("TZ-KILAMBO", "MZ-PALMA"), ("MZ-PALMA", None)]


def test_booleans_and_entries_of_lists() -> None:
    done = corrected(said(asylum_requested="false", feared_countries__1="ETH", profiles__2__profile="STATELESS_RISK"))
    assert faults(done) == []
    assert body(done, "sensitive")["asylum_requested"] is False
    assert body(done, "sensitive")["feared_countries"] == ["SOM", "ETH"]
    assert body(done, "sensitive")["profiles"][2] == {"profile": "STATELESS_RISK"}
    assert body(corrected(said({"/person/stateless": "true"})))["person"]["stateless"] is True


def test_an_entry_that_is_gone_moves_no_other_and_may_come_back() -> None:
    done = corrected(said({"/person/name/other/0": None}), said({"/person/name/other/1": "Warsama"}))
    assert body(done)["person"]["name"]["other"] == ["Warsama"]
    again = said({"/person/name/other/0": "Abdi"})
    done = corrected(said({"/person/name/other/0": None}), again)
    assert body(done)["person"]["name"]["other"] == ["Abdi", "Warsame"]


def test_what_fits_nowhere_says_why() -> None:
    wrong = {
        "/person/height": "tall",  # no such field
        "/person": "Hodan",  # many values
        "/person/name/other/3": "x",  # behind the place behind the last
        "/person/name/other/x": "x",
        "/person/name/other/3/x": "x",  # and further on from there
        "/person/name/other/x/0": "x",
        "/person/sex/0": "F",  # leads through a value
        "/person/sex/0/0": "F",
        "/place/post": None,  # nothing there
        "/person/sex": None,  # not optional
        "/place/country": "ZAF",  # breaks a rule of the edge
    }
    for pointer, value in wrong.items():
        done = corrected(said({pointer: value}))
        assert [code for code, _ in faults(done)] == [MISFIT], pointer
        assert done.bodies == encounter()
        assert [fault.code for fault in misfits(done.changes[0])] == [MISFIT]


def test_a_part_that_is_not_open_here_is_not_corrected_here_and_does_not_stop_the_others() -> None:
    sealed = {"content": encounter()["content"]}
    done = corrected(said({"/person/sex": "M"}, specific_needs__0=None), sealed=sealed)
    assert (body(done)["person"]["sex"], faults(done)) == ("M", [(NOT_OPEN, "/sensitive/corrections/0")])
    assert misfits(done.changes[0]) == []


def test_a_correction_may_not_tell_a_reader_what_could_not_have_been_sealed_to_it() -> None:
    done = corrected(said(feared_countries__1="ZAF"))
    assert faults(done) == [(MISFIT, "/sensitive/corrections")]


def values(document: Any, pointer: str = "") -> Iterator[tuple[str, Any]]:
    """Every single value of a document by its pointer."""
    if isinstance(document, dict | list):
        members = document.items() if isinstance(document, dict) else enumerate(document)
        for name, member in members:
            yield from values(member, f"{pointer}/{name}")
    else:
        yield pointer, document


def nothing_against(_: Mapping[str, Closed]) -> None:
    """A check that holds."""


def tried(document: Any, *messages: Mapping[str, str | None]) -> Corrected:
    sealed = {"content": parts.body(f"{ENCOUNTER}.content/1", document)}
    return correct(ENCOUNTER, sealed, [{"content": corrects(one)} for one in messages], nothing_against)


def drawn(data: DataObject, document: Any, other: Any) -> dict[str, str | None]:
    """A few corrections, some of which fit: with what stands there in another body, with anything, with nothing."""
    pointers = [pointer for pointer, _ in values(document)] + ["/reference_given", "/nowhere", "/place/text"]
    chosen = data.draw(st.lists(st.sampled_from(pointers), min_size=1, max_size=3, unique=True))
    there = {pointer: value for pointer, value in values(other) if isinstance(value, str) and value}
    anything = st.sampled_from(["X", "2010", "true"])
    return {
        pointer: data.draw(st.just(there[pointer]) if pointer in there else anything | st.none()) for pointer in chosen
    }


@given(contents, contents, st.data())
def test_whatever_is_said_the_body_stays_one_of_its_schema_and_what_does_not_fit_changes_nothing(
    document: Any, other: Any, data: DataObject
) -> None:
    messages = [drawn(data, document, other) for _ in range(data.draw(st.integers(1, 3)))]
    before = parts.body(f"{ENCOUNTER}.content/1", document)
    for count in range(1, len(messages) + 1):
        done = tried(document, *messages[:count])
        parts.body(f"{ENCOUNTER}.content/1", parts.as_json(done.bodies["content"]))
        if any(change.fault for change in done.changes[-1]):
            assert done.bodies["content"] == before
            assert all(change.after is None for change in done.changes[-1])
        before = parts.body(f"{ENCOUNTER}.content/1", parts.as_json(done.bodies["content"]))


@given(contents, contents, st.data())
def test_what_no_correction_points_at_stays_as_it_was(document: Any, other: Any, data: DataObject) -> None:
    message = {pointer: value for pointer, value in drawn(data, document, other).items() if value is not None}
    done = tried(document, message) if message else tried(document)
    now = dict(values(parts.as_json(done.bodies["content"])))
    for pointer, value in values(document):
        if pointer not in message:
            assert now[pointer] == value
    if message and not done.changes[0][0].fault:
        assert {str(now[pointer]).lower() for pointer in message} == {value.lower() for value in message.values()}


@given(contents, contents, st.data())
def test_the_newest_correction_of_a_place_counts(document: Any, other: Any, data: DataObject) -> None:
    last = drawn(data, document, other)
    older: dict[str, str | None] = {pointer: "2012" for pointer, value in last.items() if value is not None}
    both, alone = tried(document, *([older] if older else []), last), tried(document, last)
    if not any(change.fault for change in alone.changes[-1]):
        assert both.bodies == alone.bodies


@given(st.lists(st.from_regex(r"[A-Z]{3}", fullmatch=True), min_size=1, max_size=4), st.data())
def test_entries_of_a_list_go_in_any_order(countries: list[str], data: DataObject) -> None:
    document = accepted_body(f"{ENCOUNTER}.content/1", "girl-found-stranded")
    document["person"]["nationalities"] = countries
    gone = data.draw(st.lists(st.integers(0, len(countries) - 1), unique=True))
    done = tried(document, *({f"/person/nationalities/{index}": None} for index in gone))
    assert faults(done) == []
    left = [country for index, country in enumerate(countries) if index not in gone]
    assert body(done)["person"]["nationalities"] == left


def test_a_pointer_escapes_slash_and_tilde() -> None:
    document: Json = {"a/b": {"~": "x"}}
    assert places.value_at(document, "/a~1b/~0") == "x"
    assert places.put(document, "/a~1b/~0", "y") is None
    assert document == {"a/b": {"~": "y"}}


def test_a_check_that_refuses_says_why_without_the_value() -> None:
    def refuses(_: Mapping[str, Closed]) -> None:
        raise Refused(Fault("FEARED_COUNTRY", "/sensitive/feared_countries/0", "not there"))

    done = correct(ENCOUNTER, encounter(), [said({"/person/sex": "M"})], refuses)
    (fault,) = misfits(done.changes[0])
    assert (fault.pointer, "FEARED_COUNTRY at /sensitive/feared_countries/0" in fault.message) == (
        "/sensitive/corrections",
        True,
    )
