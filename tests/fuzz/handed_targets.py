"""Files that agencies and governance hand each other: requests to be let in, messages to countersign, code lists."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from fuzz import fixed_key
from fuzz.signed_anew import file_signed_anew, unsigned
from fuzz.target import Target
from hifadhi.agency.composing.compose import MAX_MESSAGE
from hifadhi.agency.composing.signed_file import SignedFile
from hifadhi.agency.directory.enrolment import MAX_REQUEST, Enrolment, adding, key_of
from hifadhi.evidence import jwe, jws, strict_json
from hifadhi.evidence.key_kinds import ED25519, HPKE_9_KE, P256, X25519
from hifadhi.referral.codes import LISTS, list_file
from hifadhi.referral.header import Header
from ledger_maker import START_MS, LedgerMaker
from schema_examples import examples

Json = dict[str, Any]


def admission_request(raw: bytes) -> None:
    """What is taken is what was asked, and each of its keys can be looked at."""
    file = file_signed_anew(raw)
    asked = Enrolment.parse(file)
    assert {**asked.facts, "keys": [json.loads(one.line) for one in asked.keys]} == json.loads(file)
    assert asked.identity.as_dict() == asked.facts["identity"]
    for one in asked.keys:
        assert key_of(one).kid
        assert one.sender == asked.agency


def countersigning(raw: bytes) -> None:
    """As the second officer, or the other state, looks at it, signs it and hands it back."""
    file = file_signed_anew(raw)
    held = SignedFile.parse(file)
    assert json.loads(held.message.line) == json.loads(file)
    assert {name: jwe.digest(part) for name, part in held.parts.items()} == _digests(held.header)
    held.check_first_signature(_MADE.fold.directory)
    assert [_AGENCY_OF[signature.kid] for signature in held.envelope.signatures] == [held.header.sender]
    signed = held.countersigned(_SECOND)
    assert SignedFile.parse(signed.message.line) == signed


def _digests(header: Header) -> dict[str, str]:
    return {entry.name: entry.digest for entry in header.part_entries}


def code_list(raw: bytes) -> None:
    """A newer version, whatever its file is called: the codes that are built in are in it."""
    said = strict_json.parse(raw)
    named = said if isinstance(said, dict) else {}
    found = list_file.read(raw, file_name=f"{named.get('list')}.{named.get('version')}.json")
    assert found.model_dump(mode="json", by_alias=True) == said == json.loads(raw)
    built_in = LISTS[found.name].labels if found.name in LISTS else {}
    assert built_in.items() <= {one.code: one.label["en"] for one in found.codes}.items()


def _requests() -> Iterator[bytes]:
    """As `new_agency` writes them, for all kinds of keys; then with what the identity key has signed lying open."""
    for identity in (fixed_key.ed25519("identity"), fixed_key.p256("identity")):
        facts = {"agency": "MZ-NEW", "name": "Instituto", "country": "MOZ", "roles": ["state"], "utc_offset": "+02:00"}
        keys = [
            jws.sign(strict_json.dump(said), typ=jws.MESSAGE, keys=[identity]).to_bytes() for said in _added("MZ-NEW")
        ]
        asked = {**facts, "identity": identity.public.as_dict()}
        yield strict_json.dump({**asked, "keys": [{"header": json.loads(one), "parts": {}} for one in keys]})
        if identity.public.kind == ED25519:
            lying_open = [{"header": unsigned(one, ["identity"]), "parts": {}} for one in keys]
            yield strict_json.dump({**asked, "keys": lying_open})


def _added(agency: str) -> Iterator[Json]:
    kinds = (("sign", ED25519), ("countersign", P256), ("read", P256), ("read", X25519), ("read", HPKE_9_KE))
    for number, (use, kind) in enumerate(kinds, start=1):
        added = adding(agency, use, fixed_key.of_kind(kind, f"{use} {agency}").public)
        yield replace(added, id=_MADE.next_id()).header(number, START_MS)


def _held() -> Iterator[bytes]:
    """A message of each type that is countersigned, by its sender's key; then the same lying open."""
    for kind in ("departure.confirmed", "dispute.resolved", "arrangement.published"):
        header, parts = _with_parts(
            next(one.instance for one in examples("accepted") if one.schema.endswith(f":{kind}:1"))
        )
        envelope = jws.sign(strict_json.dump(header), typ=jws.MESSAGE, keys=[_MADE.keys["MZ-INAR"]]).to_bytes()
        for said in (json.loads(envelope), unsigned(envelope, ["MZ-INAR"])):
            yield strict_json.dump({"header": said, "parts": parts})


def _example(kind: str) -> Json:
    found: Json = next(one.instance for one in examples("accepted") if one.schema == f"urn:hifadhi:schema:{kind}:1")
    return found


def _with_parts(header: Json) -> tuple[Json, Mapping[str, str]]:
    """The header with the digests of parts that are there: any text, as nobody opens them here."""
    sealed = {entry["name"]: f"sealed {entry['name']}" for entry in header.get("parts", ())}
    entries = [{**entry, "digest": jwe.digest(sealed[entry["name"]])} for entry in header.get("parts", ())]
    return ({**header, "parts": entries} if entries else header), sealed


def _lists() -> Iterator[bytes]:
    for name in ("consent-givers", "refugee-bases", "specific-needs"):
        built_in = LISTS[name].document()
        codes = [*built_in["codes"], {"code": "QQ-NEW", "label": {"en": "Something new", "pt": "Algo novo"}}]
        yield strict_json.dump({**built_in, "version": built_in["version"] + 1, "codes": codes})
    yield strict_json.dump({**LISTS["refugee-bases"].document(), "list": "vessel-kinds"})


_MADE: Final = LedgerMaker.with_agencies(("MZ-INAR", "ZA-DHA"), new_key=fixed_key.ed25519)
_AGENCY_OF: Final = {kid: key.agency for kid, key in _MADE.fold.directory.keys.items()}
_SECOND: Final = fixed_key.p256("second")

TARGETS: Final = (
    Target("admission_request", admission_request, tuple(_requests()), MAX_REQUEST),
    Target("countersigning", countersigning, tuple(_held()), MAX_MESSAGE),
    Target("code_list", code_list, tuple(_lists()), 1 << 20),
)
