import json
from pathlib import Path
from typing import Any

import pytest

from hifadhi.agency.composing import compose
from hifadhi.agency.composing.compose import Draft, Message, Sealed
from hifadhi.agency.home.keyring import Keyring
from hifadhi.errors import Refused
from hifadhi.evidence import jwe, jws, plaintext, strict_json
from hifadhi.referral import message, parts
from hifadhi.referral.directory import Agency, Directory, Key
from hifadhi.referral.headers import EncounterReported, ReferralRequested
from hifadhi.referral.part_names import PARTS
from schema_examples import SCHEMAS, accepted_body
from unit.agency import said
from unit.agency.conftest import AGENCIES
from unit.referral.exchange import ROOT

CASE = "019e0000-0000-7000-8000-000000000001"
FACTS = {"to": ["ZA-DHA"], "case": CASE, "kind": "responsibility", "urgency": "urgent", "seen": 1}
NOW_MS = 1_795_000_000_000


@pytest.fixture
def directory(homes: dict[str, Keyring]) -> Directory:
    """The homes' agencies with their keys, as if all had been admitted."""
    agencies = {a: Agency(a, a, country, frozenset(roles), "+02:00") for a, (country, roles) in AGENCIES.items()}
    keys = {}
    for keyring in homes.values():
        keys[keyring.sign.kid] = Key(keyring.agency, "sign", keyring.sign.public)
        keys[keyring.read[0].kid] = Key(keyring.agency, "read", keyring.read[0].public)
    return Directory(agencies, keys, ROOT)


def refused(draft: Any, directory: Directory | None = None) -> list[tuple[str, str]]:
    with pytest.raises(Refused) as refusal:
        _composed(draft, directory or Directory({}, {}, ROOT))
    return [(fault.code, fault.pointer) for fault in refusal.value.faults]


def _composed(draft: Any, directory: Directory) -> Sealed:
    parsed = draft if isinstance(draft, Draft) else Draft.parse(draft)
    return compose.seal(parsed, sender="MZ-INAR", directory=directory)


def request(**changed: Any) -> Draft:
    return Draft.of("referral.requested", {**FACTS, **changed}, said.request())


def opened(sealed: Sealed, part: str, keyring: Keyring) -> bytes:
    suite = next(entry.suite for entry in compose.header_of(sealed).part_entries if entry.name == part)
    return jwe.open_sealed(
        sealed.parts[part], suite=suite, keys=keyring.read, message=sealed.id, part=part, sender=sealed.sender
    )


def test_each_reader_opens_what_was_composed(directory: Directory, homes: dict[str, Keyring]) -> None:
    sealed = compose.seal(request(), sender="MZ-INAR", directory=directory)
    header = compose.header_of(sealed)
    bodies = said.request()
    for entry in header.part_entries:
        assert jwe.digest(sealed.parts[entry.name]) == entry.digest
        for reader in entry.readers:
            text = opened(sealed, entry.name, homes[reader])
            document = plaintext.unwrap(text, schema=entry.schema_name, commitment=entry.commitment)
            assert parts.as_json(parts.body(entry.schema_name, document)) == bodies[entry.name]


def test_the_readers_are_those_of_the_part(directory: Directory) -> None:
    encounter = compose.seal(
        Draft.of("encounter.reported", {"to": []}, said.encounter()), sender="MZ-INAR", directory=directory
    )
    readers = {entry.name: entry.readers for entry in compose.header_of(encounter).part_entries}
    assert readers == {
        "content": ("MZ-INAR",),
        "sensitive": ("MZ-INAR",),
        "movement": ("IO-WATCH", "MZ-INAR"),
        "statistics": ("IO-COUNT", "MZ-INAR"),
    }


def test_the_sensitive_part_may_leave_an_addressee_out(directory: Directory) -> None:
    draft = Draft.of("referral.requested", FACTS, said.request(), sensitive_for=[])
    header = compose.header_of(compose.seal(draft, sender="MZ-INAR", directory=directory))
    assert {entry.name: entry.readers for entry in header.part_entries}["sensitive"] == ("MZ-INAR",)


def test_lengths_tell_little(directory: Directory, homes: dict[str, Keyring]) -> None:
    sealed = compose.seal(request(), sender="MZ-INAR", directory=directory)
    lengths = {part: len(opened(sealed, part, homes["MZ-INAR"])) for part in sealed.parts}
    assert lengths["statistics"] == 1024
    assert lengths["sensitive"] == 4096
    assert all(length == plaintext.padme(length) for length in lengths.values())


def test_the_same_draft_is_sealed_anew_each_time(directory: Directory) -> None:
    one, other = (compose.seal(request(), sender="MZ-INAR", directory=directory) for _ in range(2))
    assert one.id != other.id
    entries = zip(compose.header_of(one).part_entries, compose.header_of(other).part_entries, strict=True)
    assert all(a.commitment != b.commitment for a, b in entries)


def test_a_message_is_signed_over_its_number_and_read_back_from_its_bytes(
    directory: Directory, homes: dict[str, Keyring]
) -> None:
    sealed = compose.seal(request(), sender="MZ-INAR", directory=directory)
    signed = sealed.sign(number=41, now_ms=NOW_MS, keys=(homes["MZ-INAR"].sign,))
    members = strict_json.parse(signed.line)
    envelope = jws.parse_envelope(members["header"], typ=jws.MESSAGE)
    envelope.verify(0, homes["MZ-INAR"].sign.public)
    header = message.parse(envelope.payload)
    assert isinstance(header, ReferralRequested)
    assert (header.sequence, header.id, header.sent_at) == (41, sealed.id, "2026-11-18T11:06:40.000Z")
    assert members["parts"] == dict(sealed.parts)
    assert b"\n" not in signed.line
    assert Message.parse(signed.line) == signed


def test_addressees_may_be_given_in_any_order(directory: Directory) -> None:
    facts = {"to": ["ZA-DHA", "IO-WATCH"], "case": CASE}
    sealed = compose.seal(
        Draft.of("encounter.reported", facts, said.encounter()), sender="MZ-INAR", directory=directory
    )
    assert isinstance(header := compose.header_of(sealed), EncounterReported)
    assert header.to == ("IO-WATCH", "ZA-DHA")


def test_unknown_types_parts_and_fields_are_refused_where_they_stand(directory: Directory) -> None:
    good = {"type": "referral.requested", **FACTS, "bodies": said.request()}
    assert refused([]) == [("TYPE_UNKNOWN", "/type")]
    assert refused({**good, "type": "agency.admitted"}) == [("TYPE_UNKNOWN", "/type")]
    assert refused({**good, "sequence": 3}) == [("SCHEMA", "/sequence")]
    assert refused({**good, "bodies": []}) == [("SCHEMA", "/bodies")]
    assert refused({**good, "bodies": {}})[0] == ("PART_MISSING", "/content")
    assert refused({**good, "bodies": {**said.request(), "more": {}}}) == [("PART_SURPLUS", "/bodies")]
    assert refused({**good, "to": "ZA-DHA"}) == [("SCHEMA", "/to")]
    assert refused({**good, "seen": 0}, directory) == [("SCHEMA", "/seen")]
    content = {**said.request()["content"], "purposes": []}
    assert refused({**good, "bodies": {**said.request(), "content": content}}) == [("SCHEMA", "/content/purposes")]


def test_what_the_receiver_would_bounce_is_never_sealed(directory: Directory) -> None:
    bodies = said.request()
    bodies["sensitive"]["feared_countries"] = ["ZAF"]
    found = refused(Draft.of("referral.requested", FACTS, bodies), directory)
    assert found == [("FEARED_COUNTRY", "/sensitive/feared_countries/0")]


def test_who_is_not_in_the_directory_or_may_not_read_is_refused(directory: Directory) -> None:
    assert refused(request(to=["ZW-DOI"]), directory) == [("ADDRESSEE_UNKNOWN", "/to/0")]
    assert refused(request(to=["IO-WATCH"]), directory) == [("ADDRESSEE_UNKNOWN", "/to/0")]
    shared = Draft.of("referral.requested", FACTS, said.request(), sensitive_for=["IO-WATCH"])
    assert refused(shared, directory)[0][0] == "READER_UNKNOWN"


def test_a_reader_without_a_valid_reading_key_is_refused(directory: Directory, homes: dict[str, Keyring]) -> None:
    kid = homes["ZA-DHA"].read[0].kid
    keys = {known: key for known, key in directory.keys.items() if known != kid}
    assert refused(request(), Directory(directory.agencies, keys, ROOT)) == [("READER_UNKNOWN", "/content")]


def test_nothing_of_a_message_tells_a_child_from_an_adult(directory: Directory) -> None:
    """The same header but for random digests and ids, and sealed parts of the same sizes."""
    child, adult = said.request(), said.request()
    child["sensitive"] = accepted_body("referral.requested.sensitive/1", "child-with-assessment")
    adult["sensitive"] = {**child["sensitive"], "profiles": [{"profile": "MIGRANT_OTHER"}], "specific_needs": []}
    del adult["sensitive"]["best_interests"]
    shapes, sizes = [], []
    for bodies in (child, adult):
        sealed = compose.seal(Draft.of("referral.requested", FACTS, bodies), sender="MZ-INAR", directory=directory)
        header = sealed.header(1, NOW_MS)
        varying = [{**part, "digest": "", "commitment": ""} for part in header["parts"]]
        shapes.append({**header, "id": "", "parts": varying})
        sizes.append({name: len(part) for name, part in sealed.parts.items()})
    assert shapes[0] == shapes[1]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("path", sorted((SCHEMAS / "examples" / "drafts").glob("*.json")), ids=lambda path: path.stem)
def test_a_published_draft_is_one(path: Path) -> None:
    draft = Draft.parse(json.loads(path.read_bytes()))
    assert set(draft.bodies) == set(PARTS[draft.type])
