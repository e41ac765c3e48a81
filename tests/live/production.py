"""The exchange as it is run: its services as processes, on a real broker and a real database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from cast import Cast
from exchange_processes import SERVICES, ExchangeProcesses
from hifadhi.evidence import jws, strict_json
from hub_client import HubClient
from kafka_cluster import KafkaCluster
from postgres_server import PostgresServer


@dataclass(frozen=True, slots=True)
class Production:
    """`client` posts and reads through the front; `environment` is what every service was started with."""

    cast: Cast
    client: HubClient
    processes: ExchangeProcesses
    environment: dict[str, str]


async def standing_on(kafka: KafkaCluster, postgres: PostgresServer) -> dict[str, str]:
    """The settings of an exchange with topics and a database of its own."""
    return {
        "HIFADHI_STREAM": f"kafka://{kafka.bootstrap}",
        "HIFADHI_STREAM_PREFIX": f"{uuid4().hex}.",
        "HIFADHI_SINGLE_BROKER": "true",
        "HIFADHI_STORE": await postgres.create_database(f"exchange_{uuid4().hex}"),
    }


@asynccontextmanager
async def production(
    folder: Path,
    kafka: KafkaCluster,
    postgres: PostgresServer,
    services: Sequence[str] = SERVICES,
    *,
    max_delay_s: int = 60,
) -> AsyncIterator[Production]:
    """Topics and database of its own; everybody is admitted."""
    cast = Cast(folder / "exchange", max_delay_s=max_delay_s)
    environment = await standing_on(kafka, postgres)
    processes = ExchangeProcesses(cast.folder, folder / "services", environment, services)
    async with processes, HubClient(cast, processes.base_url) as client:
        await client.admit_everybody()
        yield Production(cast, client, processes, environment)


def opened_receipt(cast: Cast, receipt: str) -> object:
    """What a receipt says, its signature checked."""
    key = cast.gateway.public
    return strict_json.parse(jws.verify_compact(receipt, typ=jws.RECEIPT, keys={key.kid: key})[1])
