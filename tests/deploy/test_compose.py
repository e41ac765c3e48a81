"""What is handed to operators: no default password, nothing open that need not be, every setting one that exists."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from front import ROUTES
from hifadhi.hub.gateway.reception import MAX_BATCH
from hifadhi.hub_commands import KINDS
from hifadhi.settings import SECRETS

ROOT = Path(__file__).parent.parent.parent
COMPOSE: Any = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = sorted(set(KINDS) - {"up"})


@pytest.mark.parametrize("name", OURS)
def test_every_setting_of_a_service_is_one_that_it_has(name: str) -> None:
    known = {f"HIFADHI_{field.upper()}" for field in KINDS[name].model_fields} | {SECRETS}
    assert set(SERVICES[name]["environment"]) <= known
    secrets = {one["target"] if isinstance(one, dict) else one for one in SERVICES[name].get("secrets", [])}
    assert {secret.upper() for secret in secrets} <= known


@pytest.mark.parametrize("name", OURS)
def test_a_service_runs_its_own_command_without_rights_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["command"] == ["hifadhi", name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["healthcheck"]["test"][-1] == str(KINDS[name].model_fields["port"].default)
    assert int(service["stop_grace_period"].removesuffix("s")) > 10


def test_the_gateway_has_no_database_and_each_key_one_holder() -> None:
    assert "secrets" not in SERVICES["gateway"]
    holders = {
        key: [name for name, service in SERVICES.items() if any(key in str(v) for v in service.get("volumes", []))]
        for key in ("gateway.jwk", "ledger.jwk")
    }
    assert holders == {"gateway.jwk": ["gateway"], "ledger.jwk": ["registry"]}


def test_only_the_proxy_is_open_to_the_world_and_the_console_to_this_machine() -> None:
    for name, service in SERVICES.items():
        open_ports = [port for port in service.get("ports", []) if not port.startswith("127.0.0.1:")]
        assert open_ports == (["80:80", "443:443"] if name == "proxy" else []), name
    assert SERVICES["console"]["environment"]["HIFADHI_HOST"] == "127.0.0.1"


def test_every_image_has_a_version_and_every_service_a_health_check() -> None:
    for name, service in SERVICES.items():
        assert re.search(r":\d", service["image"]), name
        assert service["healthcheck"]["test"], name


def test_there_is_no_password_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for line in text.splitlines():
        if "PASSWORD" in line.upper() and not line.startswith("#"):
            assert re.search(
                r"POSTGRES_PASSWORD_FILE: |secrets: \[postgres_password\]|postgres_password: \{ file:", line
            )


def test_the_proxy_passes_on_what_the_front_of_demonstrations_does_and_nothing_else() -> None:
    caddy = (ROOT / "deploy/proxy/Caddyfile").read_text()
    paths = {path for line in re.findall(r"^\s*(?:@\w+ )?path (.*)$", caddy, re.MULTILINE) for path in line.split()}
    assert paths == {path.replace("/{rest:.*}", "/*").replace("{rest:.*}", "*") for _, path, _ in ROUTES}
    behind = dict(re.findall(r"handle @(\w+) \{[^}]*?reverse_proxy (\w+):\d+", caddy))
    for _, path, service in ROUTES:
        wanted = path.replace("/{rest:.*}", "/*").replace("{rest:.*}", "*")
        matcher = next(
            name for name, body in re.findall(r"@(\w+) (?:\{([^}]*)\}|path .*)", caddy) if _has(caddy, name, wanted)
        )
        assert behind[matcher] == service
    ports = dict(re.findall(r"reverse_proxy (\w+):(\d+)", caddy))
    assert ports == {name: str(KINDS[name].model_fields["port"].default) for name in ports}


def test_the_proxy_lets_pass_as_much_as_the_gateway_takes() -> None:
    found = re.search(r"max_size (\d+)MiB", (ROOT / "deploy/proxy/Caddyfile").read_text())
    assert found
    assert int(found[1]) << 20 == MAX_BATCH


def _has(caddy: str, matcher: str, path: str) -> bool:
    block = re.search(rf"@{matcher} (?:\{{([^}}]*)\}}|path (.*))", caddy)
    assert block
    said = (block[1] or f"path {block[2]}").split()
    return path in said


def test_the_health_check_fails_where_nothing_answers() -> None:
    done = subprocess.run([sys.executable, "-m", "hifadhi.health", "1"], check=False)
    assert done.returncode == 1


@pytest.mark.slow
def test_the_images_install_steps_work_in_a_clean_folder(tmp_path: Path) -> None:
    """What the Dockerfile copies is all that the installation needs."""
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, re.MULTILINE)
    for name in " ".join(copied).split():
        subprocess.run(["cp", "-r", str(ROOT / name), str(tmp_path / name)], check=True)
    install = re.search(r"^RUN uv (sync .*)$", dockerfile, re.MULTILINE)
    assert install
    uv = ROOT / ".tools/bin/uv"
    clean = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    subprocess.run([uv, *install[1].split()], cwd=tmp_path, check=True, env=clean)
    done = subprocess.run([tmp_path / ".venv/bin/hifadhi", "--help"], capture_output=True, text=True, check=True)
    assert "gateway" in done.stdout
