"""What is handed to operators: no default password, nothing open that need not be, every setting one that exists."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compose_broker import COMPOSE, properties
from front import ROUTES
from hifadhi.hub.gateway.reception import MAX_BATCH
from hifadhi.hub_commands import KINDS
from hifadhi.settings import SECRETS

ROOT = Path(__file__).parent.parent.parent
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = sorted(set(KINDS) - {"up"})
CADDY = (ROOT / "deploy/proxy/Caddyfile").read_text()
OF_AGENCIES = "${HIFADHI_AGENCY_ADDRESS:-127.0.0.1}:9094:9094"


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


@pytest.mark.parametrize("name", OURS)
def test_a_service_looks_for_secrets_where_it_has_any_and_nowhere_else(name: str) -> None:
    assert (SECRETS in SERVICES[name]["environment"]) == ("secrets" in SERVICES[name]) == (name != "gateway")


def test_the_gateway_has_no_database_and_each_key_one_holder() -> None:
    assert "secrets" not in SERVICES["gateway"]
    holders = {
        key: [name for name, service in SERVICES.items() if any(key in str(v) for v in service.get("volumes", []))]
        for key in ("gateway.jwk", "ledger.jwk")
    }
    assert holders == {"gateway.jwk": ["gateway"], "ledger.jwk": ["registry"]}


def test_only_the_proxy_is_open_to_the_world_and_the_rest_to_this_machine() -> None:
    for name, service in SERVICES.items():
        given = [port.replace("${HIFADHI_AGENCY_ADDRESS:-127.0.0.1}", "127.0.0.1") for port in service.get("ports", [])]
        open_ports = [port for port in given if not port.startswith("127.0.0.1:")]
        assert open_ports == (["80:80", "443:443"] if name == "proxy" else []), name
    assert SERVICES["console"]["environment"]["HIFADHI_HOST"] == "127.0.0.1"


def test_agencies_come_to_the_broker_over_tls_and_with_a_password_and_may_do_what_an_acl_says() -> None:
    given = properties()
    protocols = dict(one.split(":") for one in given["listener.security.protocol.map"].split(","))
    assert protocols.pop("AGENCY") == "SASL_SSL"
    assert set(protocols.values()) == {"PLAINTEXT"}  # of our own services, which nobody else reaches
    assert "AGENCY://:9094" in given["listeners"].split(",")
    assert [port for port in SERVICES["kafka"]["ports"] if port.endswith(":9094")] == [OF_AGENCIES]
    assert given["listener.name.agency.ssl.keystore.location"] == "/run/secrets/kafka_agency.pem"
    assert SERVICES["kafka"]["secrets"] == ["kafka_agency.pem"]
    assert SERVICES["delivery"]["environment"]["HIFADHI_INBOX_TOPICS"] == "true"


def test_what_an_agency_may_do_on_the_broker_is_what_the_brokers_of_the_tests_let_it_do() -> None:
    tested = dict(
        line.split("=", 1)
        for line in (ROOT / "deploy/kafka/node.properties").read_text().splitlines()
        if re.match(r"sasl|listener\.name|authorizer|allow|super", line)
    )
    assert len(tested) == 5
    assert {name: properties().get(name) for name in tested} == tested


def test_every_image_has_an_exact_version_and_every_service_a_health_check() -> None:
    for name, service in SERVICES.items():
        exact = r":\d+\.\d+(-|$)" if name == "postgres" else r":\d+\.\d+\.\d+(-|$)"
        assert re.search(exact, service["image"]), name
        assert service["healthcheck"]["test"], name


def test_there_is_no_password_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    for line in map(str.strip, text.splitlines()):
        if "PASSWORD" in line.upper() and not line.startswith("#"):
            assert re.search(
                r"POSTGRES_PASSWORD_FILE: |secrets: \[postgres_password\]|postgres_password: \{ file:", line
            )
    assert {Path(one["file"]).parts[0] for one in COMPOSE["secrets"].values()} == {"secrets"}


def test_the_proxy_passes_on_what_the_front_of_demonstrations_does_and_nothing_else() -> None:
    passed = set()
    for name, block in re.findall(r"^\t@(\w+) \{([^}]*)\}", CADDY, re.MULTILINE):
        methods, paths = (re.findall(rf"^\s*{word} (.*)$", block, re.MULTILINE) for word in ("method", "path"))
        [behind] = re.findall(rf"handle @{name} \{{[^}}]*?reverse_proxy (\w+:\d+)", CADDY)
        passed |= {(method, path, behind) for path in " ".join(paths).split() for method in " ".join(methods).split()}
    assert passed == set(_routes())
    assert len(re.findall("reverse_proxy", CADDY)) == len(re.findall("handle @", CADDY))


def _routes() -> Iterator[tuple[str, str, str]]:
    """A server that answers GET answers HEAD."""
    for method, path, service in ROUTES:
        matched = path.replace("/{rest:.*}", "/*").replace("{rest:.*}", "*")
        for one in {"GET": ("GET", "HEAD")}.get(method, (method,)):
            yield one, matched, f"{service}:{KINDS[service].model_fields['port'].default}"


def test_the_proxy_lets_pass_as_much_as_the_gateway_takes() -> None:
    found = re.search(r"max_size (\d+)MiB", CADDY)
    assert found
    assert int(found[1]) << 20 == MAX_BATCH


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
