"""An audit whose memory lies in a file: the same report, whatever it lets go of, wherever it is interrupted."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hifadhi.agency.auditor.audit_state import EVERY, AuditState, memory_of
from hifadhi.errors import Refused, Tampered
from hifadhi.evidence.audit import Audit
from hifadhi.evidence.memory import InMind
from hifadhi.evidence.report import Report, Verified
from sealed_ledgers import DAY, Exchange, archive, everything, key, root_bytes, the_root

pytestmark = pytest.mark.slow

OF = "1 root"
Step = Callable[[Verified], None]


@pytest.fixture(scope="module")
def long() -> Exchange:
    """Several bundles; cases of the first are taken up, lapse, and are moved in the last."""
    exchange = Exchange()
    exchange.admit_all()
    asked = []
    for number in range(400):
        case = exchange.opened()
        if number % 3 == 0:
            asked.append((case, exchange.asked(case, "MZ-INAR", "ZA-DHA", urgency="emergency")))
    for case, referral in asked[:60]:
        exchange.answer("referral.received", case, referral, "ZA-DHA", "MZ-INAR")
    exchange.tick(2 * DAY)
    exchange.tick(10 * DAY)
    for case, referral in asked[60:]:
        exchange.answer("referral.accepted", case, referral, "ZA-DHA", "MZ-INAR")
    exchange.say("MZ-INAR", "encounter.reported", id=asked[0][0], to=[])  # an id of the first bundle
    since = {"kid": key("MZ-INAR/sign").kid, "invalid_since": "2026-01-01T00:00:00.000Z"}
    exchange.say("MZ-INAR", "key.revoked", keys=["MZ-INAR/identity"], agency="MZ-INAR", **since)
    return exchange


@contextmanager
def state(path: Path, *, every: int = 1, of: str = OF) -> Iterator[AuditState]:
    db = sqlite3.connect(path, isolation_level=None)
    try:
        yield AuditState(db, of, every=every)
    finally:
        db.close()


def audited(files: dict[str, bytes], path: Path, seen: Step = lambda _: None, *, every: int = 1) -> Report:
    with state(path, every=every) as memory:
        return Audit(files, the_root(), memory=memory).run(seen)


def without_earlier(report: Report) -> dict[str, object]:
    return {name: getattr(report, name) for name in Report.__slots__ if name != "earlier"}


@pytest.mark.parametrize("every", [1, 300, 10_000])
def test_whatever_it_lets_go_of_the_report_is_the_same(long: Exchange, tmp_path: Path, every: int) -> None:
    expected = Audit(long.files(), the_root()).run()
    assert audited(long.files(), tmp_path / "state", every=every) == expected
    assert {finding.code for finding in expected.findings} == {"KEY_IN_DOUBT"}


def test_every_kind_of_leaf_is_verified_with_nothing_at_hand(tmp_path: Path) -> None:
    files = everything().exchange.files()
    assert audited(files, tmp_path / "state") == Audit(files, the_root()).run()


class Killed(Exception):
    pass


@pytest.mark.parametrize("index", [0, 255, 256, 600, 900])
def test_it_goes_on_where_it_was_interrupted(long: Exchange, tmp_path: Path, index: int) -> None:
    def killed(verified: Verified) -> None:
        if verified.index == index:
            raise Killed

    with pytest.raises(Killed):
        audited(long.files(), tmp_path / "state", killed)
    seen: list[int] = []
    report = audited(long.files(), tmp_path / "state", lambda verified: seen.append(verified.index))
    assert seen == list(range(index - index % 256, len(long.leaves)))
    assert report.earlier == index - index % 256
    assert without_earlier(report) == without_earlier(Audit(long.files(), the_root()).run())


@pytest.mark.parametrize("cut", [10, 256, 500, 777])
def test_a_ledger_that_has_grown_is_verified_from_there_on(long: Exchange, tmp_path: Path, cut: int) -> None:
    audited(archive(long.leaves[:cut]), tmp_path / "state")
    report = audited(long.files(), tmp_path / "state")
    assert report.earlier == cut
    assert without_earlier(report) == without_earlier(Audit(long.files(), the_root()).run())
    assert audited(long.files(), tmp_path / "state").earlier == len(long.leaves)


def test_what_is_wrong_behind_it_is_still_found(long: Exchange, tmp_path: Path) -> None:
    audited(archive(long.leaves[:300]), tmp_path / "state")
    fewer = archive([*long.leaves[:400], *long.leaves[401:]])
    with pytest.raises(Tampered) as caught:
        audited(fewer, tmp_path / "state")
    assert caught.value.index == first_bad(fewer)


def first_bad(files: dict[str, bytes]) -> int | None:
    with pytest.raises(Tampered) as caught:
        Audit(files, the_root()).run()
    return caught.value.index


@pytest.mark.parametrize("size", [299, 300, 400])
def test_another_history_is_not_gone_on_with(long: Exchange, tmp_path: Path, size: int) -> None:
    audited(archive(long.leaves[:300]), tmp_path / "state")
    other = archive([*long.leaves[:100], *long.leaves[101 : size + 1]])
    with pytest.raises(Tampered, match="the first 300 leaves are not those that were verified before"):
        audited(other, tmp_path / "state")


def test_the_state_of_another_root_or_version_is_refused(long: Exchange, tmp_path: Path) -> None:
    audited(archive(long.leaves[:20]), tmp_path / "state")
    with pytest.raises(Refused), state(tmp_path / "state", of="2 root"):
        pass


def test_a_file_that_is_no_state_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("seen on Monday " * 100)
    with pytest.raises(Refused) as refused, state(tmp_path / "notes.txt"):
        pass
    assert "name another" in str(refused.value)


def test_a_short_audit_needs_no_file(tmp_path: Path) -> None:
    with memory_of(EVERY, None, OF) as memory:
        assert isinstance(memory, InMind)
    with memory_of(EVERY + 1, None, OF) as memory:
        assert isinstance(memory, AuditState)
    with memory_of(1, tmp_path / "state", OF) as memory:
        assert isinstance(memory, AuditState)
    assert (tmp_path / "state").exists()


def test_an_audit_goes_on_over_a_rotation_from_the_first_root(tmp_path: Path) -> None:
    exchange = Exchange()
    exchange.admit_all()
    audited(exchange.files(), tmp_path / "state")
    document = json.loads(root_bytes())
    document["hub"]["ledger"] = [key("ledger-2").public.as_dict()]
    exchange.say("GOVERNANCE", "governance.rotated", version=1, root=document)
    second = key("ledger-2").key
    assert isinstance(second, Ed25519PrivateKey)
    for _ in range(2):  # with the rotation among the leaves that are new, and then among those that were verified
        assert audited(archive(exchange.leaves, second), tmp_path / "state").leaves == len(exchange.leaves)
        exchange.opened()
    with pytest.raises(Tampered, match="known key"):
        audited(exchange.files(), tmp_path / "state")
