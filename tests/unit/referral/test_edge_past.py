"""What was said of a case before binds what is said of it next: nobody whom the person fears becomes a reader."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hifadhi.errors import Refused
from hifadhi.referral import parts
from hifadhi.referral.closed import Closed
from hifadhi.referral.edge import LOOK_BACK, check_body
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.part_names import PARTS
from schema_examples import accepted_body, examples

SO, MZ, ZA, OBSERVER = "SO-NCRI", "MZ-INAR", "ZA-DHA", "UNHCR-RO"
COUNTRIES = {MZ: "MOZ", "MZ-SENAMI": "MOZ", ZA: "ZAF", "MW-DOR": "MWI", "TZ-ISD": "TZA", "TZ-RSD": "TZA", SO: "SOM"}
GIRL = "girl-found-stranded"
FOUND = ["FEARED_COUNTRY"]
# Nothing of these is withheld from those to whom they are owed: answers, an end, and what is to become of data.
OWED = frozenset(
    {"referral.received", "referral.accepted", "referral.declined", "referral.withdrawn", "message.bounced"}
    | {"transfer.agreed", "transfer.suspended", "arrival.confirmed", "non_arrival.reported", "data.corrected"}
    | {"consent.changed", "data.restricted", "link.answered", "erasure.ordered"}
    | {"observer.advised", "dispute.resolved"}
)
CHOSEN = sorted(PARTS.keys() - OWED)
Json = dict[str, Any]


def made(schema: str, slug: str, **members: Any) -> Closed:
    return parts.body(schema, {**accepted_body(schema, slug), **members})


def met(*, feared: tuple[str, ...] = (), seeks: bool = False) -> tuple[Closed, ...]:
    """A Somali girl, as she was met."""
    needs: Json = {"profiles": [], "asylum_requested": seeks, "feared_countries": list(feared)}
    return (
        made("encounter.reported.content/1", GIRL),
        made("encounter.reported.sensitive/1", GIRL, **needs),
    )


def quiet(kind: str) -> dict[str, Closed]:
    """Bodies of a message that says nothing of what the person fears."""
    return {part: _quiet(f"{kind}.{part}/1") for part in PARTS[kind] if part in {"content", "sensitive"}}


def _quiet(schema: str) -> Closed:
    urn = f"urn:hifadhi:schema:{schema.replace('/', ':')}"
    body: Json = next(one.instance for one in examples("accepted") if one.schema == urn)
    silent = {"feared_countries": [], "profiles": [], "asylum_requested": False}
    return parts.body(schema, body | {name: silent[name] for name in silent.keys() & body.keys()})


def codes(kind: str, to: tuple[str, ...], *earlier: Closed, sender: str = MZ, **knows: Any) -> list[str]:
    bodies = quiet(kind)
    readers = dict.fromkeys(bodies, tuple(sorted((sender, *to))))
    try:
        check_body(kind, Opened(sender, readers, bodies, COUNTRIES, earlier, **knows))
    except Refused as refused:
        return [fault.code for fault in refused.faults if fault.code == "FEARED_COUNTRY"]
    return []


def test_every_type_is_either_chosen_or_owed() -> None:
    assert PARTS.keys() >= OWED
    assert set(CHOSEN) == LOOK_BACK


@pytest.mark.parametrize("kind", CHOSEN)
def test_what_nobody_has_to_say_is_not_said_to_whom_the_person_was_said_to_fear(kind: str) -> None:
    assert codes(kind, (SO,), *met()) == []
    assert codes(kind, (SO,), *met(feared=("SOM",))) == FOUND
    assert codes(kind, (SO,), *met(seeks=True)) == FOUND  # of her own country
    assert codes(kind, (SO, ZA), *met(feared=("KEN", "SOM")), *met()) == FOUND  # once said, it need not be repeated
    assert codes(kind, (ZA, OBSERVER), *met(feared=("SOM",), seeks=True)) == []


@pytest.mark.parametrize("kind", sorted(OWED))
def test_what_is_owed_to_somebody_reaches_them_whatever_the_person_fears(kind: str) -> None:
    assert codes(kind, (SO,), *met(feared=("SOM",), seeks=True)) == []


@pytest.mark.parametrize("kind", ["information.provided", "outcome.reported", "dispute.opened"])
def test_who_asked_is_answered_and_nobody_else_of_a_feared_country(kind: str) -> None:
    feared = met(feared=("SOM", "TZA"))
    assert codes(kind, ("TZ-RSD",), *feared, sender=ZA, bound=frozenset({"TZ-RSD"})) == []
    for other in ("TZ-ISD", SO):
        assert codes(kind, (other, "TZ-RSD"), *feared, sender=ZA, bound=frozenset({"TZ-RSD"})) == FOUND


def test_who_loses_the_responsibility_hears_of_it_and_nobody_else_of_a_feared_country() -> None:
    feared = met(feared=("SOM", "MOZ"))
    assert codes("responsibility.assumed", (MZ,), *feared, sender=ZA, bound=frozenset({MZ})) == []
    assert codes("responsibility.assumed", (MZ,), *feared, sender=ZA) == FOUND
    assert codes("responsibility.assumed", (MZ, SO), *feared, sender=ZA, bound=frozenset({MZ})) == FOUND


def test_what_an_edge_cannot_know_it_does_not_judge() -> None:
    assert codes("responsibility.assumed", (MZ, SO), *met(feared=("SOM", "MOZ")), sender=ZA, bound=None) == []


def test_a_sender_of_the_feared_country_is_not_told_by_a_bounce_what_was_said_elsewhere() -> None:
    assert codes("encounter.reported", ("MZ-SENAMI", ZA), *met(feared=("MOZ",))) == []
    assert codes("encounter.reported", (MZ, "MZ-SENAMI"), *met(feared=("MOZ",)), sender=ZA) == FOUND


def test_the_end_of_a_voluntary_return_that_is_observed_is_told_in_the_country_of_origin() -> None:
    home = made("referral.requested.content/1", "take-charge-of-a-child", purposes=["VOLUNTARY_RETURN"])
    assert codes("case.closed", (SO, OBSERVER), *met(seeks=True), home) == []
    assert codes("case.closed", (SO,), *met(seeks=True), home) == FOUND
    assert codes("case.closed", (SO, OBSERVER), *met(feared=("SOM",)), home) == FOUND


def test_a_fear_is_told_once_where_it_stands() -> None:
    bodies = quiet("encounter.reported") | {"sensitive": met(feared=("SOM",))[1]}
    readers = dict.fromkeys(bodies, (MZ, SO))
    with pytest.raises(Refused) as refused:
        check_body("encounter.reported", Opened(MZ, readers, bodies, COUNTRIES, met(feared=("SOM",))))
    assert [fault.pointer for fault in refused.value.faults] == ["/sensitive/feared_countries/0"]


agencies = st.sampled_from(sorted(COUNTRIES))
fears = st.lists(st.sampled_from(sorted(set(COUNTRIES.values()))), max_size=2, unique=True)


@given(
    kind=st.sampled_from(CHOSEN),
    sender=agencies,
    to=st.lists(agencies, max_size=4, unique=True),
    feared=fears,
    bound=st.frozensets(agencies, max_size=2),
)
def test_no_reader_is_of_a_country_that_was_feared_at_any_time(
    kind: str, sender: str, to: list[str], feared: list[str], bound: frozenset[str]
) -> None:
    others = {agency for agency in to if agency != sender}
    past = (*met(feared=tuple(feared)), *met())
    found = codes(kind, tuple(others), *past, sender=sender, bound=bound)
    travels = kind in {"transfer.proposed", "departure.confirmed"}  # nobody is brought there, whoever is bound
    chosen = others if travels else {a for a in others - bound if COUNTRIES[a] != COUNTRIES[sender]}
    assert bool(found) == bool({COUNTRIES[agency] for agency in chosen} & set(feared))
