import json

import pytest

from hifadhi.agency.auditor.bundle_passage import pack, unpack
from hifadhi.evidence.bundle import Bundle
from hifadhi.evidence.entry import Entry, read_entry
from hifadhi.evidence.jwk import Jwk
from hifadhi.evidence.jws import MESSAGE, sign
from sealed_ledgers import everything, key


def passed(*entries: Entry) -> tuple[Entry, ...]:
    return unpack(pack(Bundle(0, entries))).entries


def keys() -> dict[str, Jwk]:
    return {key(name).kid: key(name).public for name in ("MZ-INAR/sign", "TZ-RSD/sign", "governance-1")}


def refused(envelope: bytes) -> bytes:
    """A leaf that rules so."""
    said = {"ruling": "refused", "position": 1, "stored_at": "2026-11-23T10:00:00.000Z"}
    ruling = json.dumps(said, separators=(",", ":")).encode()
    return b"hifadhi/leaf/1\n" + ruling + b"\n" + envelope


def test_every_kind_of_leaf_comes_as_it_went() -> None:
    leaves = everything().exchange.leaves
    entries = [read_entry(raw, keys()) for raw in leaves]
    assert {entry.is_signed for entry in entries} == {True, False}
    came = passed(*entries)
    assert came == tuple(entries)
    assert [entry.leaf.to_bytes() for entry in came if entry.leaf] == leaves


def test_the_payload_need_not_be_parsed_again() -> None:
    entry = read_entry(everything().exchange.leaves[0], {})
    [came] = passed(entry)
    assert came.submission is not None
    assert "document" in vars(came.submission)
    assert entry.submission is not None
    assert came.submission.header == entry.submission.header


@pytest.mark.parametrize("payload", [b"", b"{", b'{"a":1,"a":1}', b"null", b"[]", b"1.5"])
def test_of_any_payload_the_same_is_said(payload: bytes) -> None:
    envelope = sign(payload, typ=MESSAGE, keys=[key("MZ-INAR/sign")]).to_bytes()
    entry = read_entry(refused(envelope), {})
    [came] = passed(entry)
    assert came == entry
    assert entry.submission is not None
    assert came.submission is not None
    assert came.submission.typed is entry.submission.typed is None


@pytest.mark.parametrize(
    "raw", [b"", b"no leaf", b'hifadhi/leaf/1\n{"ruling":"recorded"}\n', b"hifadhi/leaf/1\n{}\n{}"]
)
def test_what_is_no_leaf_comes_with_its_reason(raw: bytes) -> None:
    entry = read_entry(raw, {})
    assert passed(entry) == (entry,)


def test_an_envelope_that_does_not_decode_comes_with_its_code() -> None:
    entry = read_entry(refused(b"{}"), {})
    assert entry.cause == "SCHEMA"
    assert passed(entry) == (entry,)


def test_where_the_files_contradict_each_other_is_kept() -> None:
    bundle = Bundle(256, (read_entry(b"", {}),), ("the entry's hash is not the one in its tile", 257))
    assert unpack(pack(bundle)) == bundle
