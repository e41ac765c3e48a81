from pathlib import Path

import pytest

from hifadhi.agency.home.keyring import Keyring, create_key
from hifadhi.errors import Refused
from hifadhi.evidence.key_kinds import P256


def test_keys_are_kept_for_their_owner_only(tmp_path: Path) -> None:
    made = Keyring.create(tmp_path / "home", "MZ-INAR")
    loaded = Keyring.load(tmp_path / "home")
    assert (loaded.agency, loaded.sign.kid, loaded.read[0].kid) == ("MZ-INAR", made.sign.kid, made.read[0].kid)
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "home").iterdir()} == {0o600}


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    first = Keyring.create(tmp_path, "MZ-INAR")
    with pytest.raises(Refused, match="EXISTS"):
        Keyring.create(tmp_path, "MZ-INAR")
    assert Keyring.load(tmp_path).sign.kid == first.sign.kid


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    Keyring.create(tmp_path, "MZ-INAR")
    (tmp_path / "sign.jwk").chmod(0o640)
    with pytest.raises(Refused, match="PERMISSIONS"):
        Keyring.load(tmp_path)


def test_further_reading_keys_are_used_too(tmp_path: Path) -> None:
    made = Keyring.create(tmp_path, "MZ-INAR")
    older = create_key(tmp_path / "read-2025.jwk", P256)
    assert [key.kid for key in Keyring.load(tmp_path).read] == [made.read[0].kid, older.kid]
