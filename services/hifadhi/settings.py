"""Settings: one frozen object, from the environment (`HIFADHI_…`) or an `.env` file, with units and bounds."""

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

# Names would be looked up, and could turn out to be any address.
Address = Annotated[str, AfterValidator(lambda address: str(ip_address(address)))]


class Settings(BaseSettings):
    """What the embedded exchange needs to run: everything in one data folder, on one port."""

    model_config = SettingsConfigDict(env_prefix="HIFADHI_", env_file=".env", extra="ignore", frozen=True)

    data: Path = Field(Path("data"), description="Folder of root.json, the hub's keys and both databases.")
    host: Address = Field("127.0.0.1", description="IP address to listen on. Off loopback there is no console.")
    port: int = Field(8400, ge=0, le=65_535, description="TCP port; 0 takes a free one.")
    base_url: str = Field(
        "", description="What agencies call the exchange: the `aud` of their tokens. Default: host and port."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Diagnostics on stderr from here on."
    )

    @property
    def root_file(self) -> Path:
        """The exchange's root of trust."""
        return self.data / "root.json"

    @property
    def ledger_key_file(self) -> Path:
        """The registry's private key, which signs checkpoints."""
        return self.data / "ledger.jwk"

    @property
    def gateway_key_file(self) -> Path:
        """The gateway's private key, which signs receipts and refusals."""
        return self.data / "gateway.jwk"
