"""Which keys the registry signs checkpoints with: one of each kind that the root lists, or it does not start."""

from pathlib import Path

import pytest

from hifadhi import wiring
from hifadhi.agency.directory import governance
from hifadhi.errors import Refused
from hifadhi.settings import RegistrySettings


def held(folder: Path) -> list[str]:
    settings = RegistrySettings(data=folder)
    return [type(key).__name__ for key in wiring.read_ledger_keys(settings, wiring.read_root(settings.root_file))]


def test_an_exchange_with_one_kind_of_key_signs_with_one(tmp_path: Path) -> None:
    governance.init(tmp_path, origin="hifadhi.example/test")
    (tmp_path / "ledger-ml-dsa-44.jwk").write_text("of another exchange")
    assert held(tmp_path) == ["Ed25519PrivateKey"]


def test_an_exchange_with_both_kinds_signs_with_both(tmp_path: Path) -> None:
    governance.init(tmp_path, origin="hifadhi.example/test", post_quantum=True)
    assert held(tmp_path) == ["Ed25519PrivateKey", "MLDSA44PrivateKey"]


def test_a_registry_that_lacks_the_second_key_does_not_start(tmp_path: Path) -> None:
    governance.init(tmp_path, origin="hifadhi.example/test", post_quantum=True)
    second = tmp_path / "ledger-ml-dsa-44.jwk"
    second.rename(tmp_path / "kept-elsewhere.jwk")
    with pytest.raises(Refused, match=r"ledger-ml-dsa-44\.jwk"):
        held(tmp_path)
    second.write_bytes((tmp_path / "ledger.jwk").read_bytes())
    with pytest.raises(Refused, match="must hold a key for ML-DSA-44"):
        held(tmp_path)
    (tmp_path / "kept-elsewhere.jwk").replace(tmp_path / "ledger.jwk")
    with pytest.raises(Refused, match="signed with an Ed25519 key"):
        held(tmp_path)
