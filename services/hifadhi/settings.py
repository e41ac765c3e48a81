"""Settings: one frozen object per service, from the environment (`HIFADHI_…`) or a file, with units and bounds.

Where a setting stands twice, the environment wins over the file of settings (`HIFADHI_SETTINGS`), and that over the
folder of secrets (`HIFADHI_SECRETS`, a file for each, named like the variable in lower case).
"""

import os
import socket
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from hifadhi.errors import Fault, Refused
from hifadhi.referral import faults

PREFIX: Final = "HIFADHI_"
SETTINGS: Final = "HIFADHI_SETTINGS"
SECRETS: Final = "HIFADHI_SECRETS"
OF_AGENCIES: Final = "HIFADHI_EXCHANGE_"
"""What begins so is read by an agency's commands."""


def _broker(address: str) -> str:
    if address and not address.startswith("kafka://"):
        raise ValueError("must be kafka://host:port[,host:port…], or empty for the file in the data folder")
    return address


def _web_address(address: str) -> str:
    if address and (urlsplit(address).scheme not in {"http", "https"} or not urlsplit(address).hostname):
        raise ValueError("must be an address that begins with http:// or https://")
    return address.rstrip("/")


def _database(address: SecretStr) -> SecretStr:
    if address.get_secret_value() and urlsplit(address.get_secret_value()).scheme != "postgresql":
        raise ValueError("must be postgresql://user:password@host:port/database, or empty for the file")
    return address


def _address(address: str) -> str:
    try:
        return str(ip_address(address))
    except ValueError:  # a name would be looked up, and could turn out to be any address
        raise ValueError("must be an IP address, not a name") from None


Address = Annotated[str, AfterValidator(_address)]
Broker = Annotated[str, AfterValidator(_broker)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Database = Annotated[SecretStr, AfterValidator(_database)]
Port = Annotated[int, Field(ge=0, le=65_535)]


class ServiceSettings(BaseSettings):
    """What every service needs."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True)

    data: Path = Field(Path("data"), description="Folder of root.json, this service's keys and the embedded databases.")
    host: Address = Field("127.0.0.1", description="IP address to listen on. The console answers on loopback only.")
    port: Port = Field(8400, description="TCP port; 0 takes a free one.")
    base_url: WebAddress = Field(
        "", description="What agencies call the exchange: the `aud` of their tokens. Default: host and port."
    )
    connections: int = Field(
        1000, ge=16, le=65_000, description="At once; when there are more, whoever is silent longest gives way."
    )
    idle_s: int = Field(
        150,
        ge=1,
        le=3600,
        description="From the opening, or the last answer, to the next whole header; then it is closed.",
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Diagnostics on stderr from here on."
    )
    instance: str = Field("", max_length=64, description="This process's name among its peers. Default: machine, port.")
    stream: Broker = Field("", description="kafka://host:port[,host:port…]; empty: the SQLite file in the data folder.")
    stream_prefix: str = Field("hifadhi.", pattern=r"^[A-Za-z0-9._-]{0,64}$", description="Of every topic's name.")
    stream_user: str = Field("", description="The broker's user (SASL SCRAM-SHA-512); empty: none.")
    stream_password: SecretStr = Field(SecretStr(""), description="That user's password.")
    stream_ca: Path | None = Field(None, description="PEM file of the authority that signs the broker's certificates.")
    single_broker: bool = Field(default=False, description="One broker, no replicas: a lost disk is a lost exchange.")
    replication: int = Field(3, ge=1, le=7, description="Replicas of each topic; below 3 only with `single_broker`.")
    parts_partitions: int = Field(4, ge=1, le=64, description="Of the topic `parts`; never to be changed.")

    @model_validator(mode="after")
    def _replicated(self) -> "ServiceSettings":
        if self.stream and self.replication < 3 and not self.single_broker:  # noqa: PLR2004 (two may both be lost)
            raise ValueError("replication below 3 loses records; set it to 3, or say HIFADHI_SINGLE_BROKER=true")
        return self

    @property
    def root_file(self) -> Path:
        """The exchange's root of trust."""
        return self.data / "root.json"

    @property
    def name(self) -> str:
        """This process among its peers; the same after a restart."""
        return self.instance or f"{socket.gethostname()}:{self.port}"[-64:]


class GatewaySettings(ServiceSettings):
    """The gateway's: it faces the internet, and has no database."""

    port: Port = Field(8401, description="TCP port; several gateways may share it.")

    @property
    def gateway_key_file(self) -> Path:
        """The gateway's private key, which signs receipts and refusals."""
        return self.data / "gateway.jwk"


class StoredSettings(ServiceSettings):
    """Of the services that keep rows."""

    store: Database = Field(
        SecretStr(""), description="postgresql://user:password@host:port/database; empty: the SQLite file."
    )


class RegistrySettings(StoredSettings):
    """The registry's."""

    port: Port = Field(8402, description="TCP port; 0 takes a free one.")

    @property
    def ledger_key_file(self) -> Path:
        """The registry's private key, which signs checkpoints."""
        return self.data / "ledger.jwk"

    @property
    def ledger_pq_key_file(self) -> Path:
        """The private key for ML-DSA-44 that signs them too, where root.json lists one."""
        return self.data / "ledger-ml-dsa-44.jwk"


class DeliverySettings(StoredSettings):
    """Delivery's."""

    port: Port = Field(8403, description="TCP port; 0 takes a free one.")
    inbox_topics: bool = Field(
        default=False, description="Each agency's inbox in a topic of its own too, for those who read from Kafka."
    )


class ConsoleSettings(StoredSettings):
    """The console's."""

    port: Port = Field(8404, description="TCP port; 0 takes a free one.")
    watched: dict[str, WebAddress] = Field(
        default_factory=dict, description='Services whose health it shows: {"gateway": "http://127.0.0.1:8401"}.'
    )


class Settings(GatewaySettings, RegistrySettings, DeliverySettings):
    """Those of `hifadhi up`: all services in one process, on one port."""

    port: Port = Field(8400, description="TCP port; 0 takes a free one.")


S = TypeVar("S", bound=ServiceSettings)


def read(kind: Callable[..., S], given: Mapping[str, object], file: Path | None = None) -> S:
    """Settings of a kind: `given` on the command line, else the environment, the file, the secrets. `Refused`."""
    at = file or (Path(named) if (named := os.environ.get(SETTINGS)) else None)
    if at is not None and not at.is_file():
        raise Refused(Fault("NOT_FOUND", "/settings", "the file of settings is not there; name the right one"))
    sources: dict[str, Any] = {"_env_file": at, "_secrets_dir": os.environ.get(SECRETS)}
    try:
        return kind(**{name: value for name, value in given.items() if value is not None}, **sources)
    except ValidationError as error:
        raise faults.refusal(error, given) from None


def unknown_names() -> list[str]:
    """Variables of the environment that look like settings and are none of any service: a slip of the pen."""
    kinds = (Settings, ConsoleSettings)
    known = {PREFIX + field.upper() for kind in kinds for field in kind.model_fields} | {SETTINGS, SECRETS}
    ours = (name for name in os.environ if name.startswith(PREFIX) and not name.startswith(OF_AGENCIES))
    return sorted(name for name in ours if name not in known)
