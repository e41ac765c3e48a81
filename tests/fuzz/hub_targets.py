"""What the hub's services are asked: messages, batches, tokens, roots, addresses."""

import gzip
import json
from typing import Final

from yarl import URL

from fuzz import fixed_key
from fuzz.target import Target, text_of
from hifadhi.evidence import b64u, jws, strict_json
from hifadhi.evidence.jwe import MAX_SEALED
from hifadhi.hub import access, query
from hifadhi.hub.delivery import part_header
from hifadhi.hub.gateway import coding, reception
from hifadhi.hub.gateway.reception import MAX_BATCH, MAX_BODY, MAX_LINES
from hifadhi.referral import message
from hifadhi.referral import root as roots
from ledger_maker import START_MS, LedgerMaker

AUDIENCE: Final = "https://exchange.example"
_NOW_S: Final = START_MS / 1000
_EXPECTED: Final = {"after": query.AFTER, "limit": query.LIMIT, "wait": query.WAIT_S}


def posted(raw: bytes) -> None:
    """A message on its way in: what is taken is what was sent, signed by who may."""
    reception.digest_of(raw)
    read = reception.read(raw)
    reception.check(read, _MADE.fold.directory, START_MS)
    assert {"header": json.loads(read.envelope.to_bytes()), "parts": read.parts} == json.loads(raw)
    assert raw_payloads(raw) <= _PAYLOADS


def raw_payloads(raw: bytes) -> set[str]:
    return {json.loads(raw)["header"]["payload"]}


def batch(raw: bytes) -> None:
    lines = reception.lines(raw)
    assert 1 <= len(lines) <= MAX_LINES
    assert lines == [line for line in raw.split(b"\n") if line.strip()]


def packed(raw: bytes) -> None:
    """A compressed body, as the network cuts it: in pieces, each bounded, and to the end as any reader unpacks it."""
    stream = coding.unpacker("gzip")
    found = [out for at in range(0, len(raw), _CUT) for out in stream.feed(raw[at : at + _CUT])]
    stream.end()
    assert all(len(out) <= coding.PIECE for out in found)
    assert b"".join(found) == gzip.decompress(raw)


def header(raw: bytes) -> None:
    read = message.parse(raw)
    assert read.model_dump(mode="json", by_alias=True, exclude_none=True) == json.loads(raw)


def token(raw: bytes) -> None:
    agency = access.reader({"Authorization": text_of(raw)}, _MADE.fold.directory, audience=AUDIENCE, now_s=_NOW_S)
    assert agency.id == "MZ-INAR"
    assert raw.partition(b" ")[2] == _TOKEN


def part_said(raw: bytes) -> None:
    """The message that a part says it is of."""
    said = part_header.message_of(raw)
    assert json.loads(b64u.decode(json.loads(raw)["protected"]))["message"] == said


def root(raw: bytes) -> None:
    assert roots.parse(raw).model_dump(mode="json") == json.loads(raw)


def address(raw: bytes) -> None:
    """The query of an address, as the server's parser gives it."""
    asked = query.numbers(URL.build(path="/", query_string=text_of(raw), encoded=True).query.items(), _EXPECTED)
    assert all(bounds.least <= asked[name] <= bounds.most for name, bounds in _EXPECTED.items())


def number(raw: bytes) -> None:
    text = text_of(raw)
    assert str(query.number(text, "after", query.AFTER)) == text or text.lstrip("-").startswith("0")


def _ledger() -> LedgerMaker:
    made = LedgerMaker.with_agencies(("MZ-INAR", "ZA-DHA"), new_key=fixed_key.ed25519)
    case = made.open_case()
    made.request(case)
    made.open_case("ZA-DHA")
    return made


def _body(envelope: bytes) -> bytes:
    members = json.loads(envelope)
    entries = message.parse(jws.read_envelope(envelope, typ=jws.MESSAGE).payload).part_entries
    return json.dumps({"header": members, "parts": {e.name: _MADE.parts[e.digest] for e in entries}}).encode()


def _token() -> bytes:
    now = int(_NOW_S)
    claims = {"iss": "MZ-INAR", "aud": AUDIENCE, "iat": now, "exp": now + 120}
    return jws.sign_compact(strict_json.dump(claims), typ=jws.ACCESS, key=_MADE.keys["MZ-INAR"]).encode()


def _root() -> bytes:
    keys = [fixed_key.ed25519(f"root {number}").public.as_dict() for number in range(4)]
    hub = {"ledger": [keys[2]], "gateway": [keys[3]]}
    governance = {"keys": keys[:2], "threshold": 2}
    first = {"format": 1, "origin": "hub.example/ledger", "max_delay_s": 60, "rules": 1}
    return strict_json.dump({**first, "governance": governance, "hub": hub})


_MADE: Final = _ledger()
_ENVELOPES: Final = tuple(one.leaf.envelope for one in _MADE.leaves if one.leaf.envelope)
_BODIES: Final = tuple(map(_body, _ENVELOPES))
_PAYLOADS: Final = frozenset(json.loads(envelope)["payload"] for envelope in _ENVELOPES)
_TOKEN: Final = _token()
_CUT: Final = 700
_HEADERS: Final = tuple(jws.read_envelope(envelope, typ=jws.MESSAGE).payload for envelope in _ENVELOPES)

TARGETS: Final = (
    Target("posted", posted, _BODIES, MAX_BODY),
    Target("batch", batch, (b"\n".join(_BODIES), b"{}\n\r\n{}\n", b"{}\n" * MAX_LINES), MAX_BATCH),
    Target("packed", packed, (*(gzip.compress(body, mtime=0) for body in _BODIES), gzip.compress(bytes(1 << 17)))),
    Target("header", header, _HEADERS, jws.MAX_PAYLOAD),
    Target("token", token, (b"Bearer " + _TOKEN, b"bearer " + _TOKEN)),
    Target("part_said", part_said, tuple(text.encode() for text in _MADE.parts.values()), MAX_SEALED),
    Target("root", root, (_root(),)),
    Target("address", address, (b"after=5&limit=10&wait=3", b"after=-1", b"", b"limit=%31")),
    Target("number", number, (b"-1", b"0", b"9007199254740991")),
)
