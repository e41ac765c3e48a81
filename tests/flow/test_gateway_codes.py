"""Every code of the gateway through HTTP: status, code, pointer, a sentence, a signed refusal, and nothing stored."""

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from cast import Body, Cast, payload_of
from hifadhi.evidence import b64u, jws, strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hub_client import Answer, HubClient

DAY_AHEAD = "2099-01-01T00:00:00.000Z"


def altered(cast: Cast, **changes: Any) -> Body:
    """A good encounter whose payload is changed before it is signed; a change to None drops the member."""
    good = cast.encounter("MZ-INAR")
    payload = {name: value for name, value in {**payload_of(good), **changes}.items() if value is not None}
    return cast.signed(payload, [cast.players["MZ-INAR"].sign], good["parts"])


def raw_payload(cast: Cast, payload: bytes) -> Body:
    envelope = jws.sign(payload, typ=jws.MESSAGE, keys=[cast.players["MZ-INAR"].sign])
    return {"header": json.loads(envelope.to_bytes()), "parts": {}}


def protected(cast: Cast, **header: str) -> Body:
    """A good encounter under another protected header, properly signed over it."""
    good = cast.encounter("MZ-INAR")
    key = cast.players["MZ-INAR"].sign
    first = b64u.encode(strict_json.dump({"alg": "Ed25519", "kid": key.kid, "typ": jws.MESSAGE, **header}))
    signature = key.sign(f"{first}.{good['header']['payload']}".encode())
    signed = {
        "payload": good["header"]["payload"],
        "signatures": [{"protected": first, "signature": b64u.encode(signature)}],
    }
    return {**good, "header": signed}


def signed_by(cast: Cast, key: PrivateJwk) -> Body:
    good = cast.encounter("MZ-INAR")
    return cast.signed(payload_of(good), [key], good["parts"])


def wrong_signature(cast: Cast) -> Body:
    good, other = cast.encounter("MZ-INAR"), cast.encounter("MZ-INAR")
    return {**good, "header": {**good["header"], "payload": other["header"]["payload"]}}


def with_parts(cast: Cast, change: Callable[[dict[str, str]], dict[str, str]]) -> Body:
    good = cast.encounter("MZ-INAR")
    return {**good, "parts": change(good["parts"])}


def observed_case(cast: Cast) -> Body:
    return cast.message("referral.withdrawn", "UNHCR-RO", case=good_id(), referral=good_id(), to=["ZA-DHA"], seen=1)


def good_id() -> str:
    return "0192f000-0000-7000-8000-000000000000"


def with_reader(cast: Cast, reader: str) -> Body:
    good = cast.encounter("MZ-INAR")
    payload = payload_of(good)
    payload["parts"][0]["readers"] = sorted(["MZ-INAR", reader])
    return cast.signed(payload, [cast.players["MZ-INAR"].sign], good["parts"])


def left() -> Body:
    return {"case": good_id(), "referral": good_id(), "to": ["ZA-DHA"], "transfer": good_id()}


def linked_to_itself() -> Body:
    return {"case": good_id(), "other_case": good_id(), "to": ["ZA-DHA"]}


def advised() -> Body:
    return {"case": good_id(), "in_reply_to": good_id(), "to": ["ZA-DHA"]}


def arranged(cast: Cast) -> Body:
    return cast.request("MZ-INAR", "ZA-DHA", good_id(), 1, arrangement="MZ-ZA-2026")


P = "/header/payload"
# code, status, pointer, what is posted
REFUSED: list[tuple[str, int, str, Callable[[Cast], Body | bytes]]] = [
    ("TOO_LARGE", 413, "", lambda _: b" " * ((1 << 20) + 1)),
    ("TOO_LARGE", 413, "/header/payload", lambda c: altered(c, group="x" * 7000)),
    ("BAD_ENCODING", 400, "", lambda _: b'{"header": "\xff"}'),
    ("BAD_ENCODING", 400, "", lambda _: b'{"header": {}, "parts": {"a": "\\ud800"}}'),
    ("BAD_ENCODING", 400, "/header/payload", lambda _: b'{"header": {"payload": "a=", "signatures": []}, "parts": {}}'),
    ("NOT_JSON", 400, "", lambda _: b"{"),
    ("NOT_JSON", 400, "", lambda _: b'{"header": ' + b"1" * 10_000 + b"}"),
    ("NOT_JSON", 400, P, lambda c: raw_payload(c, b'{"format": 1.0}')),
    ("DUPLICATE_KEY", 400, "", lambda _: b'{"header": 1, "header": 2}'),
    ("DUPLICATE_KEY", 400, P, lambda c: raw_payload(c, b'{"format": 1, "format": 1}')),
    ("TOO_DEEP", 400, "", lambda _: b"[" * 10_000),
    ("TOO_DEEP", 400, P, lambda c: raw_payload(c, b"[" * 100 + b"]" * 100)),
    ("FORMAT_UNKNOWN", 400, f"{P}/format", lambda c: altered(c, format=2)),
    ("TYPE_UNKNOWN", 400, f"{P}/type", lambda c: altered(c, type="person.deported")),
    ("SCHEMA", 400, f"{P}/to", lambda c: altered(c, to="ZA-DHA")),
    ("SCHEMA", 400, f"{P}/id", lambda c: altered(c, id="0192F000-0000-7000-8000-000000000000")),
    ("SCHEMA", 400, P, lambda c: altered(c, nationality="SOM")),
    ("SCHEMA", 400, f"{P}/sequence", lambda c: altered(c, sequence=0)),
    ("SCHEMA", 400, f"{P}/sent_at", lambda c: altered(c, sent_at="2026-02-30T00:00:00.000Z")),
    ("SCHEMA", 400, "/parts", lambda c: {**c.encounter("MZ-INAR"), "parts": {"content": 1}}),
    ("SCHEMA", 400, "/header/signatures/0/protected", lambda c: protected(c, typ="hifadhi-receipt+jws")),
    ("ALGORITHM", 400, "/header/signatures/0/protected", lambda c: protected(c, alg="none")),
    ("ALGORITHM", 400, "/header/signatures/0/protected", lambda c: protected(c, alg="ES256")),
    ("KEY_UNKNOWN", 403, "/header/signatures/0/protected", lambda c: signed_by(c, PrivateJwk.generate("Ed25519"))),
    ("KEY_NOT_VALID", 403, "/header/signatures/0/protected", lambda c: signed_by(c, c.players["MZ-INAR"].identity)),
    ("SENDER_MISMATCH", 403, "/header/signatures/0/protected", lambda c: signed_by(c, c.players["ZA-DHA"].sign)),
    ("SIGNATURE", 403, "/header/signatures/0/signature", wrong_signature),
    ("NOT_YOUR_ROLE", 403, f"{P}/from", observed_case),
    ("ADDRESSEE_UNKNOWN", 400, f"{P}/to/0", lambda c: c.encounter("MZ-INAR", case=good_id(), to=["ZW-DSW"])),
    ("SCHEMA", 400, "/header/signatures", lambda c: c.message("departure.confirmed", "MZ-INAR", **left())),
    ("SCHEMA", 400, f"{P}/other_case", lambda c: c.message("link.proposed", "MZ-INAR", **linked_to_itself())),
    ("NOT_YOUR_ROLE", 403, f"{P}/from", lambda c: c.message("observer.advised", "MZ-INAR", **advised())),
    ("ARRANGEMENT_UNKNOWN", 400, f"{P}/arrangement", arranged),
    ("RULES_UNKNOWN", 400, f"{P}/rules", lambda c: c.statement("rules.adopted", rules=9_999)),
    ("READER_UNKNOWN", 400, f"{P}/parts/0/readers/1", lambda c: with_reader(c, "ZA-DHA")),
    ("READER_UNKNOWN", 400, f"{P}/parts/0/readers/1", lambda c: with_reader(c, "ZW-DSW")),
    (
        "PART_MISSING",
        400,
        "/parts/movement",
        lambda c: with_parts(c, lambda p: {n: v for n, v in p.items() if n != "movement"}),
    ),
    ("PART_SURPLUS", 400, "/parts", lambda c: with_parts(c, lambda p: {**p, "photo": "x"})),
    ("PART_DIGEST", 400, "/parts/content", lambda c: with_parts(c, lambda p: {**p, "content": "x"})),
    ("SENT_IN_FUTURE", 400, f"{P}/sent_at", lambda c: altered(c, sent_at=DAY_AHEAD)),
]


async def stored(hub: HubClient) -> bytes:
    """How far the ledger is; a good encounter after a refusal is the next leaf and nothing else."""
    note: bytes = (await hub.get("/ledger/checkpoint")).body
    return note.split(b"\n")[1]


def check_evidence(cast: Cast, answer: Answer, posted: bytes) -> None:
    key = cast.gateway.public
    _, raw = jws.verify_compact(answer.body["evidence"], typ=jws.REFUSAL, keys={key.kid: key})
    claims = strict_json.parse(raw)
    assert claims["code"] == answer.body["code"]
    assert claims["hub"] == cast.root.origin
    assert [e["pointer"] for e in claims["errors"]] == [e["pointer"] for e in answer.body["errors"]]
    assert claims["digest"] in {digest_in(posted), b64u.encode(sha256(posted).digest())}


def digest_in(posted: bytes) -> str | None:
    try:
        return b64u.encode(sha256(b64u.decode(json.loads(posted)["header"]["payload"])).digest())
    except Exception:  # noqa: BLE001 (whatever is wrong with it, there is no digest in it)
        return None


async def test_every_refusal_has_its_code_and_pointer_and_proof_and_nothing_of_it_is_stored(
    hub: HubClient, cast: Cast
) -> None:
    size = int(await stored(hub))
    for code, status, pointer, make in REFUSED:
        made = make(cast)
        raw = made if isinstance(made, bytes) else json.dumps(made).encode()
        answer = await hub.post_raw(raw)
        first = answer.body["errors"][0] if "errors" in answer.body else answer.body
        assert (answer.status, answer.body.get("code"), first.get("pointer")) == (status, code, pointer), answer.body
        assert len(first["message"]) > 20, first
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        check_evidence(cast, answer, raw)
        page = await hub.get(answer.body["type"])
        assert page.status == 200
    sealed = await hub.sealed(cast.encounter("MZ-INAR"))
    assert sealed["index"] == size


async def test_the_first_code_counts_when_several_things_are_wrong(hub: HubClient, cast: Cast) -> None:
    wrong = altered(cast, sent_at=DAY_AHEAD, to=["ZW-DSW"], case=good_id())
    answer = await hub.post({**wrong, "parts": {}})
    assert answer.body["code"] == "ADDRESSEE_UNKNOWN"


async def test_other_media_types_and_methods_are_refused(hub: HubClient) -> None:
    assert (await hub.post_raw(b"{}", "text/plain")).status == 415
    assert (await hub.get("/v1/messages")).status == 405


async def test_a_batch_answers_each_line_in_order_and_stores_the_good_ones(hub: HubClient, cast: Cast) -> None:
    good = [cast.encounter("MZ-INAR") for _ in range(3)]
    lines = await hub.post_lines([good[0], b"{", good[1], wrong_signature(cast), good[2]])
    assert [line.get("status") for line in lines[:-1]] == [202, 400, 202, 403, 202]
    key = cast.gateway.public
    _, raw = jws.verify_compact(lines[-1]["receipt"], typ=jws.RECEIPT, keys={key.kid: key})
    assert [one["id"] for one in strict_json.parse(raw)] == [payload_of(one)["id"] for one in good]
    for one in good:
        assert (await hub.ruling(payload_of(one)["id"], "MZ-INAR"))["ruling"] == "recorded"


@pytest.mark.parametrize("lines", [0, 501])
async def test_a_batch_has_1_to_500_lines(hub: HubClient, lines: int) -> None:
    answer = await hub.post_raw(b"{}\n" * lines, "application/x-ndjson")
    assert (answer.status, answer.body["code"]) == (413, "TOO_LARGE")


async def test_a_batch_of_empty_lines_is_refused_before_they_are_counted_out(hub: HubClient) -> None:
    answer = await hub.post_raw(b"\n" * (8 << 20), "application/x-ndjson")
    assert (answer.status, answer.body["code"]) == (413, "TOO_LARGE")


async def test_a_client_that_stops_half_way_stores_nothing_and_holds_nobody_up(hub: HubClient, cast: Cast) -> None:
    import asyncio  # noqa: PLC0415 (only here)

    host, port = hub.base_url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    raw = json.dumps(cast.encounter("MZ-INAR")).encode()
    head = f"POST /v1/messages HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(raw)}"
    writer.write(head.encode() + b"\r\n\r\n" + raw[: len(raw) // 2])
    await writer.drain()
    size = int(await stored(hub))
    assert (await hub.sealed(cast.encounter("MZ-INAR")))["index"] == size
    writer.close()
    await writer.wait_closed()
    assert (await hub.sealed(cast.encounter("MZ-INAR")))["index"] == size + 1


async def test_a_gzip_bomb_is_refused_at_the_size_that_it_unpacks_to(hub: HubClient) -> None:
    import gzip  # noqa: PLC0415 (only here)

    bomb = gzip.compress(b" " * (64 << 20))
    answer = await hub.post_raw(bomb, **{"Content-Encoding": "gzip"})
    assert (answer.status, answer.body["code"]) == (413, "TOO_LARGE")
