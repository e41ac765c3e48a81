"""What an agency is answered: the hub may be hostile too, and signs with its own keys whatever it likes."""

import json
from collections.abc import Coroutine, Mapping
from typing import Any, Final, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from fuzz import fixed_key
from fuzz.target import Target
from hifadhi.agency.composing.compose import Message
from hifadhi.agency.known.known_directory import KnownDirectory
from hifadhi.agency.known.latest_checkpoint import LatestCheckpoint
from hifadhi.agency.wire.exchange import Exchange
from hifadhi.agency.wire.transport import Answer, Transport
from hifadhi.evidence import b64u, checkpoint, jws, strict_json
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.tree import inclusion_proof
from hifadhi.referral.root import Root
from ledger_maker import LedgerMaker
from unit.evidence import merkle


class Saying:
    """A transport that gets one answer to everything."""

    def __init__(self, status: int, body: bytes) -> None:
        self._answer = Answer(status, body)

    async def get(self, *_: object, **__: object) -> Answer:
        return self._answer

    async def post(self, *_: object, **__: object) -> Answer:
        return self._answer


def exchange(body: bytes, status: int = 200) -> Exchange:
    return Exchange(cast("Transport", Saying(status, body)), KnownDirectory(_ROOT, LatestCheckpoint(_ROOT)))


def told(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """What it gives, where nothing is waited for."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits for something")


def inbox(raw: bytes) -> None:
    page = told(exchange(raw).inbox(after=-1))
    said = json.loads(raw)["data"]
    assert [row.index for row in page.rows] == [row["index"] for row in said]
    assert [b64u.encode(row.leaf) for row in page.rows] == [row["leaf"] for row in said]


def ruling(raw: bytes) -> None:
    found = told(exchange(raw).ruling(_MESSAGE.id))
    assert found is None or found.id == _MESSAGE.id


def receipt(raw: bytes) -> None:
    """Claims, whatever they are, under the hub's own signature."""
    body = strict_json.dump({"receipt": _signed(raw, jws.RECEIPT)})
    assert told(exchange(body).post(_MESSAGE)).digest == _MESSAGE.digest


def batch_answer(raw: bytes) -> None:
    """The lines of an answer to a batch of one."""
    [outcome] = told(exchange(raw).post_batch([_MESSAGE]))
    assert outcome is None  # nobody signed it


def refusal(raw: bytes) -> None:
    """A problem document whose evidence says whatever its member `said` holds."""
    problem = strict_json.parse(raw)
    if isinstance(problem, dict) and "said" in problem:
        problem["evidence"] = _signed(strict_json.dump(problem.pop("said")), jws.REFUSAL)
    told(exchange(strict_json.dump(problem), 400).post(_MESSAGE))


def directory(raw: bytes) -> None:
    """A page of the directory: whatever is taken leaves only agencies that the ledger has."""
    known = KnownDirectory(_ROOT, LatestCheckpoint(_ROOT))
    known.take(raw, at_least=0)
    assert known.directory.agencies.keys() <= {"MZ-INAR", "ZA-DHA"}


def _signed(claims: bytes, typ: str) -> str:
    return jws.sign_compact(claims, typ=typ, key=_MADE.governance)


def _page() -> bytes:
    leaves = [one.leaf.to_bytes() for one in _MADE.leaves]
    size = len(leaves)
    assert isinstance(_MADE.governance.key, Ed25519PrivateKey)
    note = checkpoint.sign(Checkpoint(_ROOT.origin, size, merkle.mth(leaves)), _MADE.governance.key)
    rows = [
        {
            "index": index,
            "leaf": b64u.encode(leaf),
            "proof": [b64u.encode(one) for one in inclusion_proof(index, size, merkle.reader(leaves))],
        }
        for index, leaf in enumerate(leaves[:4])
    ]
    return json.dumps({"data": rows, "after": 3, "done": True, "checkpoint": note}).encode()


def _message() -> Message:
    envelope = json.loads(_MADE.leaves[-1].leaf.envelope)
    return Message.parse(strict_json.dump({"header": envelope, "parts": {}}))


def _inbox() -> bytes:
    leaf = b64u.encode(_MADE.leaves[-1].leaf.to_bytes())
    row = {"index": 4, "role": "addressee", "leaf": leaf, "parts": {"content": "{}"}, "erased": ["movement"]}
    return json.dumps({"data": [row, {**row, "index": 7}], "after": 7, "done": True}).encode()


def _claims(**more: Any) -> Mapping[str, Any]:
    stored = {"position": 7, "stored_at": "2026-11-23T10:00:00.000Z"}
    return {"id": _MESSAGE.id, "digest": _MESSAGE.digest, **stored, **more}


def _problem(**more: Any) -> bytes:
    fault = {"pointer": "/header", "code": "SIGNATURE"}
    shown = {"title": "no", "status": 403, "code": "SIGNATURE", "errors": [{**fault, "message": "no"}]}
    return strict_json.dump({**shown, **more})


def _refusal() -> bytes:
    errors = [{"pointer": "/header", "code": "SIGNATURE"}]
    said = {"digest": _MESSAGE.digest, "code": "SIGNATURE", "errors": errors, "refused_at": "", "hub": _ROOT.origin}
    return _problem(said=said)


def _ledger() -> LedgerMaker:
    made = LedgerMaker.with_agencies(("MZ-INAR", "ZA-DHA"), new_key=fixed_key.ed25519)
    made.open_case()
    return made


_MADE: Final = _ledger()
_ROOT: Final[Root] = _MADE.root
_MESSAGE: Final = _message()
_RULED: Final = {"id": _MESSAGE.id, "digest": _MESSAGE.digest, "state": "sealed", "ruling": "recorded", "index": 4}

TARGETS: Final = (
    Target("inbox", inbox, (_inbox(),), 1 << 20),
    Target("ruling", ruling, (strict_json.dump({**_RULED, "delivered": [{"agency": "ZA-DHA"}]}),)),
    Target("receipt", receipt, (strict_json.dump({**_claims(), "from": "MZ-INAR", "hub": _ROOT.origin}),)),
    Target("refusal", refusal, (_refusal(),)),
    Target("batch_answer", batch_answer, (strict_json.dump({"status": 503}) + b"\n{}\n", _problem() + b"\n{}\n")),
    Target("directory", directory, (_page(),), 1 << 20),
)
