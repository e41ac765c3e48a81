from hashlib import sha256
from typing import Any

import pytest

from hifadhi.agency.composing.compose import Message
from hifadhi.agency.home.keyring import Keyring, read_key
from hifadhi.agency.wire import receipt
from hifadhi.errors import Tampered
from hifadhi.evidence import b64u, jws, strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral.directory import Directory
from hifadhi.referral.root import Root

ID = "019e0000-0000-7000-8000-000000000001"
DIGEST = "A" * 43
AT = "2026-11-23T10:00:00.000Z"
MESSAGE = Message(ID, "MZ-INAR", DIGEST, 1, b"{}")


@pytest.fixture
def gateway(tmp_path: Any, root: Root) -> PrivateJwk:  # noqa: ARG001 (founds the exchange)
    return read_key(tmp_path / "exchange" / "gateway.jwk")


def said(root: Root, **changed: Any) -> dict[str, Any]:
    good = {"id": ID, "digest": DIGEST, "from": "MZ-INAR", "position": 7, "stored_at": AT, "hub": root.origin}
    return {**good, **changed}


def signed(payload: Any, key: PrivateJwk, typ: str = jws.RECEIPT) -> str:
    return jws.sign_compact(strict_json.dump(payload), typ=typ, key=key)


def test_the_receipt_of_the_message_holds(root: Root, gateway: PrivateJwk) -> None:
    token = signed(said(root), gateway)
    assert receipt.check_receipt(token, MESSAGE, Directory.of(root)) == receipt.Receipt(ID, DIGEST, 7, AT, token)


@pytest.mark.parametrize(
    "changed",
    [
        {"id": ID[:-1] + "2"},
        {"digest": "B" * 43},
        {"from": "ZA-DHA"},
        {"hub": "hifadhi.example/other"},
        {"position": "7"},
        {"position": True},
        {"position": -1},
        {"stored_at": 7},
        {"stored_at": "soon"},
        {"stored_at": "2026-11-23T10:00:00.000"},
        {"stored_at": "2026-02-30T10:00:00.000Z"},
        {"more": 1},
    ],
)
def test_a_receipt_of_anything_else_is_tampered_with(root: Root, gateway: PrivateJwk, changed: dict[str, Any]) -> None:
    with pytest.raises(Tampered):
        receipt.check_receipt(signed(said(root, **changed), gateway), MESSAGE, Directory.of(root))


def test_a_receipt_by_another_key_or_of_another_kind_is_tampered_with(
    tmp_path: Any, root: Root, gateway: PrivateJwk, homes: dict[str, Keyring]
) -> None:
    ledger = read_key(tmp_path / "exchange" / "ledger.jwk")
    for key in (homes["MZ-INAR"].sign, ledger):
        with pytest.raises(Tampered):
            receipt.check_receipt(signed(said(root), key), MESSAGE, Directory.of(root))
    with pytest.raises(Tampered):
        receipt.check_receipt(signed(said(root), gateway, jws.REFUSAL), MESSAGE, Directory.of(root))
    for token in (None, 7, "", "a.b.c"):
        with pytest.raises(Tampered):
            receipt.check_receipt(token, MESSAGE, Directory.of(root))


def test_the_receipt_of_a_batch_lists_its_messages_in_order(root: Root, gateway: PrivateJwk) -> None:
    other = Message(ID[:-1] + "2", "MZ-INAR", "E" * 43, 2, b"{}")
    lines = [{"id": m.id, "digest": m.digest, "position": 3, "stored_at": AT} for m in (MESSAGE, other)]
    found = receipt.check_batch_receipt(signed(lines, gateway), [MESSAGE, other], Directory.of(root))
    assert [each.id for each in found] == [MESSAGE.id, other.id]
    bads: list[Any] = [lines[::-1], lines[:1], [*lines, lines[0]], {}, [lines[0], {**lines[1], "digest": DIGEST}]]
    for bad in bads:
        with pytest.raises(Tampered):
            receipt.check_batch_receipt(signed(bad, gateway), [MESSAGE, other], Directory.of(root))


def problem(root: Root, gateway: PrivateJwk, **changed: Any) -> dict[str, Any]:
    errors = [{"pointer": "/to/0", "code": "ADDRESSEE_UNKNOWN"}]
    payload = {"digest": DIGEST, "code": "ADDRESSEE_UNKNOWN", "errors": errors, "refused_at": "x", "hub": root.origin}
    evidence = signed({**payload, **changed}, gateway, jws.REFUSAL)
    shown = [{**errors[0], "message": "no such agency"}]
    return {"code": "ADDRESSEE_UNKNOWN", "title": "no such agency", "errors": shown, "evidence": evidence}


def test_a_refusal_comes_with_its_evidence(root: Root, gateway: PrivateJwk) -> None:
    shown = problem(root, gateway)
    rejection = receipt.check_refusal(shown, MESSAGE, Directory.of(root))
    assert (rejection.refusal.code, rejection.evidence) == ("ADDRESSEE_UNKNOWN", shown["evidence"])


@pytest.mark.parametrize(
    "changed",
    [{"digest": "B" * 43}, {"digest": []}, {"code": "SCHEMA"}, {"errors": []}, {"hub": "hifadhi.example/other"}],
)
def test_evidence_of_another_refusal_is_tampered_with(root: Root, gateway: PrivateJwk, changed: dict[str, Any]) -> None:
    with pytest.raises(Tampered):
        receipt.check_refusal(problem(root, gateway, **changed), MESSAGE, Directory.of(root))


@pytest.mark.parametrize("evidence", [None, 7, "", "a.b.c"])
def test_a_refusal_that_nobody_signed_is_none(root: Root, gateway: PrivateJwk, evidence: object) -> None:
    with pytest.raises(Tampered):
        receipt.check_refusal({**problem(root, gateway), "evidence": evidence}, MESSAGE, Directory.of(root))


def test_the_refusal_of_a_batch_names_its_bytes_for_each_message(root: Root, gateway: PrivateJwk) -> None:
    body = b"{}\n{}\n"
    shown = problem(root, gateway, digest=b64u.encode(sha256(body).digest()))
    rejection = receipt.check_refusal(shown, MESSAGE, Directory.of(root), body=body)
    assert (rejection.id, rejection.evidence) == (MESSAGE.id, shown["evidence"])
    with pytest.raises(Tampered):
        receipt.check_refusal(shown, MESSAGE, Directory.of(root), body=body + b"{}\n")
