"""The broker of `docker-compose.yml` without containers: its environment as the image turns it into properties."""

import ipaddress
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from child import free_ports
from kafka_cluster import KafkaCluster, Node

COMPOSE: Any = yaml.safe_load((Path(__file__).parent.parent / "docker-compose.yml").read_text())
NOT_OF_THE_BROKER = {"KAFKA_HEAP_OPTS"}
DOMAIN = "localhost"


def properties() -> dict[str, str]:
    """As the image's entry point names them: `_` a point, `__` an underscore, `___` a hyphen."""
    given = {name: str(value) for name, value in COMPOSE["services"]["kafka"]["environment"].items()}
    ours = {name: value for name, value in given.items() if name.startswith("KAFKA_")}
    return {_property(name): _filled(value) for name, value in ours.items() if name not in NOT_OF_THE_BROKER}


def _property(name: str) -> str:
    return name.removeprefix("KAFKA_").lower().replace("_", ".").replace("...", "-").replace("..", "_")


def _filled(value: str) -> str:
    return re.sub(r"\$\{HIFADHI_DOMAIN[^}]*\}", DOMAIN, value)


class ComposeBroker(KafkaCluster):
    """One node on ports of this machine, with a certificate made here. `authority`: what its clients trust."""

    @property
    def authority(self) -> Path:
        """PEM file of the certificate."""
        return self.nodes[0].folder / "agency.crt"

    def _write(self, node: Node) -> None:
        node.folder.mkdir(parents=True, exist_ok=True)
        key, certificate = _certified()
        (node.folder / "agency.pem").write_bytes(key + certificate)
        self.authority.write_bytes(certificate)
        held = "\n".join(f"{name}={value}" for name, value in properties().items())
        [console] = free_ports(1)
        ports = {"9092": node.port, "9093": node.controller_port, "9094": node.agency_port, "19092": console}
        for inside, here in ports.items():
            held = re.sub(rf"(?:kafka|127\.0\.0\.1)?:{inside}\b", f":{here}", held)
        held = held.replace("://:", "://127.0.0.1:").replace("@:", "@127.0.0.1:")
        held = held.replace("/run/secrets/kafka_agency.pem", str(node.folder / "agency.pem"))
        held = held.replace("/var/lib/kafka/data", str(node.folder / "data"))
        (node.folder / "node.properties").write_text(f"{held}\n")


def _certified() -> tuple[bytes, bytes]:
    """A key and its certificate, as the head of `docker-compose.yml` has `openssl` make them."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, DOMAIN)])
    names = x509.SubjectAlternativeName([x509.DNSName(DOMAIN), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now).not_valid_after(now + timedelta(days=1)).add_extension(names, critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, made.sign(key, SHA256()).public_bytes(Encoding.PEM)
