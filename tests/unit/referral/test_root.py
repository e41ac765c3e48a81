from collections.abc import Callable
from typing import Any

import pytest

from hifadhi.errors import Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral import root
from unit.referral.exchange import GOVERNORS, Json, root_document

ED, EC = PrivateJwk.generate("Ed25519"), PrivateJwk.generate("P-256")
PQ = PrivateJwk.generate("ML-DSA-44")
MORE = [PrivateJwk.generate("Ed25519").public.as_dict() for _ in range(9)]

Change = Callable[[Json], object]


def first(document: Any) -> tuple[str, str]:
    with pytest.raises(Refused) as refused:
        root.parse(strict_json.dump(document))
    return refused.value.code, refused.value.faults[0].pointer


def changed(change: Change) -> Json:
    document = root_document(governance={"keys": MORE[:3], "threshold": 2})
    change(document)
    return document


def test_a_root_is_read_with_its_keys_by_use() -> None:
    hub = {"ledger": [ED.public.as_dict()], "gateway": [EC.public.as_dict()]}
    read = root.parse(strict_json.dump(root_document(hub=hub)))
    assert (read.origin, read.max_delay_s, read.rules) == ("hub.example/hifadhi", 60, 1)
    assert read.governance_keys == tuple(key.public for key in GOVERNORS)
    assert read.governance.threshold == 2
    assert read.ledger_keys == (ED.public,)
    assert read.gateway_keys == {EC.kid: EC.public}


def test_a_ledger_may_have_a_key_of_each_kind() -> None:
    hub = {"ledger": [key.public.as_dict() for key in (PQ, ED)], "gateway": [EC.public.as_dict()]}
    assert root.parse(strict_json.dump(root_document(hub=hub))).ledger_keys == (PQ.public, ED.public)


UNSOUND = {**EC.public.as_dict(), "x": "A" * 43}
WRONG: list[tuple[str, Change]] = [
    ("/format", lambda d: d.update(format=2)),
    ("/format", lambda d: d.update(format=True)),
    ("/origin", lambda d: d.update(origin="Hub")),
    ("/origin", lambda d: d.update(origin="hub.example\n")),
    ("/origin", lambda d: d.update(origin="hub example")),
    ("/origin", lambda d: d.update(origin="hub.example+key")),  # a note's signature line could not name it
    ("/max_delay_s", lambda d: d.update(max_delay_s=0)),
    ("/max_delay_s", lambda d: d.pop("max_delay_s")),
    ("/rules", lambda d: d.update(rules="1")),
    ("", lambda d: d.update(more=1)),
    ("/hub/ledger", lambda d: d["hub"].update(ledger=[PQ.public.as_dict()])),
    ("/hub/ledger/1", lambda d: d["hub"].update(ledger=[MORE[3], PQ.as_dict()])),
    ("/hub/ledger/2", lambda d: d["hub"].update(ledger=[MORE[3], *[PQ.public.as_dict()] * 2])),
    ("/hub/gateway/0", lambda d: d["hub"].update(gateway=[PQ.public.as_dict()])),
    ("/governance/keys/0", lambda d: d["governance"].update(keys=[PQ.public.as_dict()])),
    ("/governance/keys", lambda d: d["governance"].update(keys=[])),
    ("/governance/keys", lambda d: d["governance"].update(keys=MORE)),
    ("/governance/keys/2", lambda d: d["governance"].update(keys=[MORE[0], MORE[1], MORE[0]])),
    ("/governance/keys/1/x", lambda d: d["governance"].update(keys=[MORE[0], UNSOUND])),
    ("/governance/keys/0", lambda d: d["governance"].update(keys=[ED.as_dict()])),
    ("/governance/keys/0", lambda d: d["governance"].update(keys=[{"kty": "oct"}])),
    ("/governance/threshold", lambda d: d["governance"].update(threshold=0)),
    ("/governance/threshold", lambda d: d["governance"].update(threshold=4)),
    ("/governance/threshold", lambda d: d["governance"].update(threshold=True)),
    ("/hub/ledger", lambda d: d["hub"].update(ledger=[])),
    ("/hub/ledger/0", lambda d: d["hub"].update(ledger=[EC.public.as_dict()])),  # C2SP notes are Ed25519
    ("/hub/ledger/0/x", lambda d: d["hub"].update(ledger=[{**ED.public.as_dict(), "x": "A" * 43}])),
    ("/hub/gateway/1/x", lambda d: d["hub"]["gateway"].append(UNSOUND)),
    ("/hub/gateway/1", lambda d: d["hub"]["gateway"].extend(d["hub"]["gateway"])),
    ("/hub/gateway/1", lambda d: d["hub"]["gateway"].append(d["hub"]["ledger"][0])),
    ("/hub/ledger/1", lambda d: d["hub"]["ledger"].append(d["governance"]["keys"][0])),
]


@pytest.mark.parametrize(("where", "change"), WRONG, ids=[where for where, _ in WRONG])
def test_the_pointer_of_a_fault_is_where_the_fault_is(where: str, change: Change) -> None:
    assert first(changed(change)) == ("SCHEMA", where)


@pytest.mark.parametrize("document", [None, [], "root", 1])
def test_a_root_is_an_object(document: Any) -> None:
    assert first(document) == ("SCHEMA", "")


def test_a_root_is_strict_json() -> None:
    with pytest.raises(Refused) as refused:
        root.parse(b'{"format":1,"format":1}')
    assert refused.value.code == "DUPLICATE_KEY"
