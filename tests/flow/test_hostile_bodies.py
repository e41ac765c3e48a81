"""Whatever is posted: never a 500, always a problem that says why, never a receipt without a leaf.

At the end the topics hold what was promised, each as often as it was, and nothing else: what was refused left no trace.
"""

import asyncio
import copy
import gzip
import io
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from cast import Body, Cast, payload_of
from hifadhi.evidence import jws, strict_json
from hifadhi.hub.gateway import known_directory
from hifadhi.hub.problem_codes import CODES
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.wiring import Exchange
from hub_client import Answer, HubClient
from hub_ledger import Audited, audit, digest_of
from stored import Stored, stored_in

MZ = "MZ-INAR"
EXAMPLES = settings(suppress_health_check=[HealthCheck.too_slow], database=None)
# Ids and signatures are fresh in each example, so what is drawn does not depend on a body's length.
ANYWHERE = st.integers(0, 9999)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
anything = st.recursive(
    scalars,
    lambda one: st.lists(one, max_size=4) | st.dictionaries(st.text(max_size=8), one, max_size=4),
    max_leaves=20,
)
edge_values = st.sampled_from(
    [
        "",
        "\x00",
        "a\ud800",
        "0192f000-0000-7000-8000-000000000000",
        "GOVERNANCE",
        "ZA-DHA",
        0,
        -1,
        2**53,
        2**64,
        1.5,
        [],
        {},
    ]
)


class Door:
    """A running exchange, seen from a thread that does not know of event loops."""

    def __init__(self, runner: asyncio.Runner, cast: Cast, client: HubClient) -> None:
        self._runner, self.cast, self._client = runner, cast, client
        self.promised: Counter[str] = Counter()

    def post(self, raw: bytes, kind: str = "application/json", **headers: str) -> Answer:
        """Post it; the answer is one of those that the wire format has."""
        answer = self._runner.run(self._client.post_raw(raw, kind, **headers))
        self.check(answer.status, answer.body)
        if answer.status != 202:
            assert answer.headers["Content-Type"].startswith("application/problem+json")
        else:
            self.promised[self._opened(answer.body["receipt"])["digest"]] += 1
        return answer

    def post_lines(self, lines: list[bytes]) -> None:
        status, raw = self._runner.run(self._raw(b"\n".join(lines), {"Content-Type": "application/x-ndjson"}))
        assert status == 200, raw
        *answers, last = [json.loads(line) for line in raw.splitlines()]
        assert len(answers) == len([line for line in lines if line.strip()])
        for one in answers:
            self.check(one["status"], one)
        accepted = [one["digest"] for one in self._opened(last["receipt"])]
        assert accepted == [one["digest"] for one in answers if one["status"] == 202]
        self.promised.update(accepted)

    def status_of(self, raw: bytes, headers: dict[str, str]) -> int:
        return self._runner.run(self._raw(raw, headers))[0]

    async def _raw(self, raw: bytes, headers: dict[str, str]) -> tuple[int, str]:
        async with self._client.session.post("/v1/messages", data=io.BytesIO(raw), headers=headers) as response:
            return response.status, await response.text()

    def check(self, status: int, body: Any) -> None:
        assert status == 202 or 400 <= status < 500, body
        if status == 202:
            return
        assert (body["status"], body["type"]) == (status, f"/problems/{body['code']}")
        assert body["code"] in CODES
        assert all(error["message"] and "pointer" in error for error in body["errors"])

    def _opened(self, receipt: str) -> Any:
        key = self.cast.gateway.public
        return strict_json.parse(jws.verify_compact(receipt, typ=jws.RECEIPT, keys={key.kid: key})[1])

    def audited(self) -> Audited:
        """With one more message, behind which everything is ruled."""
        last = self.cast.encounter(MZ)
        self._runner.run(self._client.sealed(last))
        self.promised[digest_of(last)] += 1
        return self._runner.run(audit(self._client))

    def stored(self) -> Stored:
        return self._runner.run(stored_in(SqliteStream(self.cast.folder / "stream.sqlite"), 1))


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    folder: Path = tmp_path_factory.mktemp("hostile")
    cast = Cast(folder / "exchange")
    with pytest.MonkeyPatch.context() as patch, asyncio.Runner() as runner:
        patch.setattr(known_directory, "REFRESH_EVERY_S", 0)
        exchange = Exchange(cast.settings())
        runner.run(exchange.start())
        client = runner.run(_client(cast, exchange.base_url))
        runner.run(client.admit_everybody())
        door = Door(runner, cast, client)
        yield door
        ledger, stored = door.audited(), door.stored()
        runner.run(client.session.close())
        runner.run(exchange.stop())
    assert ledger.index_of().keys() >= door.promised.keys()
    assert len(ledger.raw) == 15 + len(door.promised)
    check_stored(stored, ledger, door.promised)


def check_stored(stored: Stored, ledger: Audited, promised: Counter[str]) -> None:
    """What stands in the topics is what was promised, and the directory's statements."""
    messages: Counter[str] = Counter()
    parts: set[str] = set()
    for envelope in ledger.envelopes.values():
        payload = strict_json.parse(envelope.payload)
        messages[payload["id"]] += promised.get(envelope.digest, 1)
        parts |= {entry["digest"] for entry in payload.get("parts", ())}
    assert stored == Stored(messages, frozenset(parts))


async def _client(cast: Cast, base_url: str) -> HubClient:
    return HubClient(cast, base_url)


def good(cast: Cast, data: DataObject) -> Body:
    """A message of any type that could be taken."""
    case = "0192f000-0000-7000-8000-000000000000"
    made: list[Callable[[], Body]] = [
        lambda: cast.encounter(MZ),
        lambda: cast.request(MZ, "ZA-DHA", case, 1),
        lambda: cast.message("message.bounced", MZ, case=case, in_reply_to=case, to=["ZA-DHA"], reason="SCHEMA"),
        lambda: cast.statement("key.revoked", cast.players[MZ].identity, sender=MZ, agency=MZ, kid="A" * 43),
    ]
    return data.draw(st.sampled_from(made))()


def mutated(document: Any, data: DataObject) -> Any:
    """The document with one value somewhere replaced, dropped, or joined by another."""
    document = copy.deepcopy(document)
    found = list(places(document))
    holder, key = found[data.draw(ANYWHERE) % len(found)]
    change = data.draw(st.sampled_from(("replace", "edge", "drop", "add", "type")))
    if change == "drop":
        del holder[key]
    elif change == "add" and isinstance(holder, dict):
        holder[data.draw(st.text(max_size=12))] = data.draw(anything)
    elif change == "type":
        holder[key] = [holder[key]]
    else:
        holder[key] = data.draw(anything if change == "replace" else edge_values)
    return document


def places(document: Any) -> Iterator[tuple[Any, Any]]:
    """Every value in it, as what holds it and where."""
    members = document.items() if isinstance(document, dict) else enumerate(document)
    for key, value in list(members):
        yield document, key
        if isinstance(value, dict | list):
            yield from places(value)


@EXAMPLES
@given(raw=st.binary(max_size=300))
def test_arbitrary_bytes(door: Door, raw: bytes) -> None:
    assert door.post(raw).status == 400


@EXAMPLES
@given(document=anything)
def test_arbitrary_json(door: Door, document: Any) -> None:
    assert door.post(json.dumps(document).encode()).status == 400


@EXAMPLES
@given(data=st.data())
def test_a_good_body_with_a_value_changed(door: Door, data: DataObject) -> None:
    door.post(json.dumps(mutated(good(door.cast, data), data)).encode())


@EXAMPLES
@given(data=st.data())
def test_a_good_payload_with_a_value_changed_and_properly_signed(door: Door, data: DataObject) -> None:
    body = good(door.cast, data)
    payload = json.dumps(mutated(payload_of(body), data)).encode()
    keys = [data.draw(st.sampled_from([door.cast.players[MZ].sign, door.cast.players[MZ].identity]))]
    envelope = jws.sign(payload, typ=jws.MESSAGE, keys=keys)
    door.post(json.dumps({**body, "header": json.loads(envelope.to_bytes())}).encode())


@EXAMPLES
@given(data=st.data())
def test_a_good_body_with_bytes_changed_or_cut_off(door: Door, data: DataObject) -> None:
    raw = bytearray(json.dumps(good(door.cast, data)).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(ANYWHERE) % len(raw)] = data.draw(st.integers(0, 255))
    end = data.draw(st.none() | ANYWHERE)
    door.post(bytes(raw if end is None else raw[: end % len(raw)]))


@EXAMPLES
@given(data=st.data())
def test_lines_of_anything(door: Door, data: DataObject) -> None:
    line = st.one_of(
        st.binary(min_size=1, max_size=40).filter(lambda raw: raw.strip() and b"\n" not in raw),
        anything.map(lambda one: json.dumps(one).encode()),
        st.builds(lambda: json.dumps(door.cast.encounter(MZ)).encode()),
    )
    door.post_lines(data.draw(st.lists(line, min_size=1, max_size=8)))


@EXAMPLES
@given(
    raw=st.binary(max_size=60) | st.binary(max_size=60).map(gzip.compress),
    coding=st.sampled_from(("gzip", "deflate", "identity", "compress", "gzip, gzip", "x")),
    kind=st.sampled_from(("application/json", "application/json; charset=latin-1", "a/b", "json", ";")),
)
def test_any_content_coding_and_type(door: Door, raw: bytes, coding: str, kind: str) -> None:
    """What the HTTP parser itself refuses is no problem document, but a 400 all the same."""
    assert door.status_of(raw, {"Content-Encoding": coding, "Content-Type": kind}) in {400, 415}


@pytest.mark.parametrize("name", ["Content-Type", "Accept", "Authorization", "X-Forwarded-For", "Accept-Encoding"])
def test_headers_that_nobody_sends(door: Door, name: str) -> None:
    assert door.post(b"{}", **{name: "x" * 2000}).status in {400, 415}
