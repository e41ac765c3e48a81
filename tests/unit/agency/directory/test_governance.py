from pathlib import Path

import pytest

from hifadhi.agency.directory import governance
from hifadhi.agency.directory.governance import Governance
from hifadhi.agency.home.keyring import read_key
from hifadhi.errors import Refused
from hifadhi.referral import root as root_file


def test_a_founded_exchange_has_one_root_and_its_keys(tmp_path: Path) -> None:
    root = governance.init(tmp_path, origin="hifadhi.example/test", keys=5, threshold=3)
    assert root == root_file.parse((tmp_path / "root.json").read_bytes())
    office = Governance.load(tmp_path)
    assert [key.public for key in office.keys] == list(root.governance_keys)
    assert len(office.signers()) == 3
    assert read_key(tmp_path / "ledger.jwk").public == root.ledger_keys[0]
    assert read_key(tmp_path / "gateway.jwk").kid in root.gateway_keys


def test_the_hubs_keys_may_go_elsewhere(tmp_path: Path) -> None:
    root = governance.init(tmp_path / "office", origin="hifadhi.example/test", hub=tmp_path / "hub")
    assert read_key(tmp_path / "hub" / "ledger.jwk").public == root.ledger_keys[0]
    assert not (tmp_path / "office" / "ledger.jwk").exists()


def test_a_ledger_may_have_a_second_key_that_withstands_quantum_computers(tmp_path: Path) -> None:
    root = governance.init(tmp_path, origin="hifadhi.example/test", post_quantum=True)
    held = [read_key(tmp_path / name).public for name in ("ledger.jwk", "ledger-ml-dsa-44.jwk")]
    assert list(root.ledger_keys) == held
    assert [key.kind for key in held] == ["Ed25519", "ML-DSA-44"]


def test_an_exchange_is_founded_once(tmp_path: Path) -> None:
    governance.init(tmp_path, origin="hifadhi.example/test")
    with pytest.raises(Refused, match="EXISTS"):
        governance.init(tmp_path, origin="hifadhi.example/test")


@pytest.mark.parametrize(("keys", "threshold"), [(2, 3), (0, 0), (3, 0), (9, 2)])
def test_a_threshold_that_nobody_or_anybody_reaches_is_refused(tmp_path: Path, keys: int, threshold: int) -> None:
    with pytest.raises(Refused):
        governance.init(tmp_path, origin="hifadhi.example/test", keys=keys, threshold=threshold)
    assert list(tmp_path.iterdir()) == []


def test_an_origin_that_no_checkpoint_can_carry_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="/origin"):
        governance.init(tmp_path / "x", origin="Hifadhi Example")
    assert not (tmp_path / "x").exists()


def test_too_few_keys_at_hand_cannot_act(tmp_path: Path) -> None:
    governance.init(tmp_path, origin="hifadhi.example/test", keys=3, threshold=2)
    for number in (1, 3):
        (tmp_path / f"governance-{number}.jwk").unlink()
    with pytest.raises(Refused, match="THRESHOLD"):
        Governance.load(tmp_path).signers()
