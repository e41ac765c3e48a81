"""`hifadhi grant` and `revoke`: what they refuse before they ask a broker, and how a password is kept."""

import stat
import warnings
from pathlib import Path

import pytest

from hifadhi.errors import Refused, Unavailable
from hifadhi.settings import DeliverySettings, read

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)  # kafka-python opens its own files in the old way
    from hifadhi.grant import grant, revoke
    from hifadhi.stream import kafka_access


class Granted:
    def __init__(self) -> None:
        self.passwords: list[str] = []
        self.fails = False

    async def __call__(self, _brokers: object, _agency: str, password: str) -> None:
        if self.fails:
            raise Unavailable("no broker")
        self.passwords.append(password)


@pytest.fixture
def granted(monkeypatch: pytest.MonkeyPatch) -> Granted:
    made = Granted()
    monkeypatch.setattr(kafka_access, "grant", made)
    return made


@pytest.fixture
def settings() -> DeliverySettings:
    return read(DeliverySettings, {"stream": "kafka://127.0.0.1:9092"})


def test_a_new_password_is_in_a_file_for_its_owners_eyes_only(
    settings: DeliverySettings, granted: Granted, tmp_path: Path
) -> None:
    grant(settings, "MZ-INAR", tmp_path / "one")
    grant(settings, "ZA-DHA", tmp_path / "other")
    assert [(tmp_path / name).read_text() for name in ("one", "other")] == [f"{one}\n" for one in granted.passwords]
    assert len(set(granted.passwords)) == 2 and all(len(one) > 40 for one in granted.passwords)
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o600


def test_the_password_of_a_grant_that_failed_is_used_when_it_is_done_again(
    settings: DeliverySettings, granted: Granted, tmp_path: Path
) -> None:
    granted.fails = True
    with pytest.raises(Unavailable):
        grant(settings, "MZ-INAR", tmp_path / "one")
    kept = (tmp_path / "one").read_text()
    granted.fails = False
    grant(settings, "MZ-INAR", tmp_path / "one")
    assert [f"{one}\n" for one in granted.passwords] == [kept]


@pytest.mark.parametrize(
    ("held", "mode", "code"),
    [
        ("long enough for anyone\n", 0o640, "NOT_PRIVATE"),
        ("long enough for anyone\n", 0o604, "NOT_PRIVATE"),
        ("too short\n", 0o600, "SCHEMA"),
        ("long enough, but\nof two lines\n", 0o600, "SCHEMA"),
        ("long enough, but mañana\n", 0o600, "SCHEMA"),
    ],
)
def test_a_file_that_is_no_good_password_is_refused_and_not_shown(
    settings: DeliverySettings, granted: Granted, tmp_path: Path, held: str, mode: int, code: str
) -> None:
    file = tmp_path / "password"
    file.write_text(held)
    file.chmod(mode)
    with pytest.raises(Refused, match=code) as refused:
        grant(settings, "MZ-INAR", file)
    assert held.strip() not in str(refused.value)
    assert granted.passwords == []


@pytest.mark.parametrize("agency", ["*", "mz-inar", "MZ", "MZ-INAR.x", "MZ-INAR\n", "ANONYMOUS", "GOVERNANCE"])
def test_what_is_no_agencys_id_is_granted_nothing(
    settings: DeliverySettings, granted: Granted, tmp_path: Path, agency: str
) -> None:
    with pytest.raises(Refused, match="agency"):
        grant(settings, agency, tmp_path / "one")
    with pytest.raises(Refused, match="agency"):
        revoke(settings, agency)
    assert granted.passwords == []
    assert not (tmp_path / "one").exists()


def test_on_the_embedded_stream_there_is_nothing_to_grant(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="NO_BROKER"):
        grant(read(DeliverySettings, {}), "MZ-INAR", tmp_path / "one")
    with pytest.raises(Refused, match="NO_BROKER"):
        revoke(read(DeliverySettings, {}), "MZ-INAR")
    assert not (tmp_path / "one").exists()


def test_a_file_that_cannot_be_made_is_refused(settings: DeliverySettings, granted: Granted, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="NOT_WRITABLE"):
        grant(settings, "MZ-INAR", tmp_path / "nowhere" / "one")
    assert granted.passwords == []
