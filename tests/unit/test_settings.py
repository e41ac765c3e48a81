"""Settings: where they come from, and what is refused rather than guessed."""

from pathlib import Path

import pytest

from hifadhi.errors import Refused
from hifadhi.settings import ConsoleSettings, GatewaySettings, RegistrySettings, Settings, read, unknown_names


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in unknown_names():
        monkeypatch.delenv(name)


def test_the_command_line_wins_over_the_environment_over_the_file_over_the_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets").mkdir()
    for name in ("port", "host", "base_url", "store"):
        (tmp_path / "secrets" / f"hifadhi_{name}").write_text({"store": "postgresql://secret/x"}.get(name, "broken"))
    (tmp_path / "settings").write_text(
        "HIFADHI_PORT=1\nHIFADHI_HOST=127.0.0.2\nHIFADHI_BASE_URL=https://file.example\n"
    )
    monkeypatch.setenv("HIFADHI_SECRETS", str(tmp_path / "secrets"))
    monkeypatch.setenv("HIFADHI_SETTINGS", str(tmp_path / "settings"))
    monkeypatch.setenv("HIFADHI_HOST", "127.0.0.3")
    monkeypatch.setenv("HIFADHI_PORT", "2")
    found = read(RegistrySettings, {"port": 3, "data": None})
    assert (found.port, found.host, found.base_url) == (3, "127.0.0.3", "https://file.example")
    assert found.store.get_secret_value() == "postgresql://secret/x"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stream", "localhost:9092"),
        ("store", "mysql://x/y"),
        ("host", "exchange.example"),
        ("base_url", "exchange.example"),
        ("port", "70000"),
        ("log_level", "LOUD"),
        ("stream_prefix", "of mine/"),
        ("parts_partitions", "0"),
    ],
)
def test_what_makes_no_sense_is_refused_under_its_name(name: str, value: str) -> None:
    with pytest.raises(Refused) as refused:
        read(RegistrySettings, {name: value})
    assert refused.value.faults[0].pointer == f"/{name}"
    assert value not in str(refused.value)


def test_fewer_than_three_replicas_need_the_word_single_broker() -> None:
    kafka = {"stream": "kafka://127.0.0.1:9092", "replication": 2}
    with pytest.raises(Refused, match="replication below 3"):
        read(GatewaySettings, kafka)
    assert read(GatewaySettings, kafka | {"single_broker": True}).single_broker
    assert read(GatewaySettings, {"replication": 1}).stream == ""  # of the embedded stream there is one file


def test_a_file_of_settings_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="NOT_FOUND at /settings"):
        read(Settings, {}, tmp_path / "nothing")


def test_no_secret_is_shown() -> None:
    found = read(RegistrySettings, {"store": "postgresql://a:hush@b/c", "stream_password": "hush"})
    assert "hush" not in repr(found) + str(found.model_dump())


def test_the_gateway_has_no_database_credentials() -> None:
    assert "store" not in GatewaySettings.model_fields


def test_a_slip_of_the_pen_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIFADHI_STROE", "x")
    monkeypatch.setenv("HIFADHI_WATCHED", "{}")
    monkeypatch.setenv("HIFADHI_STORE", "")
    monkeypatch.setenv("HIFADHI_EXCHANGE_URL", "http://localhost")  # for an agency's commands on the same machine
    assert unknown_names() == ["HIFADHI_STROE"]


def test_a_process_has_a_name_of_its_own_that_a_restart_keeps() -> None:
    here, other = (read(RegistrySettings, {"port": port}).name for port in (1, 2))
    assert here != other
    assert here == read(RegistrySettings, {"port": 1}).name
    assert read(RegistrySettings, {"instance": "north"}).name == "north"


def test_the_watched_services_are_read_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIFADHI_WATCHED", '{"gateway": "http://127.0.0.1:8401/"}')
    assert read(ConsoleSettings, {}).watched == {"gateway": "http://127.0.0.1:8401"}
