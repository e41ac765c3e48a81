"""Where the brokers are, as whom we come, and how our topics are kept there."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from hifadhi.stream.topics import Topic

REQUEST_MS: Final = 5_000
"""How long a broker may take for one request."""

ERASED_WITHIN_MS: Final = 24 * 3600 * 1000
"""After a tombstone the bytes of what it erased are gone from the brokers' disks within this time (two lags)."""

MAX_RECORD_BYTES: Final = 2 << 20
"""What a broker takes: the largest entry with its framing, and so a batch of such."""


@dataclass(frozen=True, slots=True)
class Brokers:
    """`bootstrap`: "host:port,host:port". `replication`: of each topic; `single_broker` says that below 3 is meant.

    `user`, `password`: SASL SCRAM-SHA-512. `ca`: PEM file of the authority that signs the brokers' certificates;
    without it nothing is encrypted. `compaction`: properties of compact topics on top of ours, for the impatient.
    """

    bootstrap: str
    prefix: str = "hifadhi."
    replication: int = 3
    single_broker: bool = False
    user: str | None = None
    password: str | None = None
    ca: Path | None = None
    compaction: Mapping[str, str] = field(default_factory=dict)

    def client(self) -> dict[str, Any]:
        """What every client of aiokafka is made with."""
        sasl = "SASL_" if self.user else ""
        common: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap,
            "request_timeout_ms": REQUEST_MS,
            "retry_backoff_ms": 50,
            "metadata_max_age_ms": 30_000,
            "security_protocol": sasl + ("SSL" if self.ca else "PLAINTEXT"),
        }
        if self.ca:
            common["ssl_context"] = ssl.create_default_context(cafile=str(self.ca))
        if self.user:
            common |= {"sasl_mechanism": "SCRAM-SHA-512", "sasl_plain_username": self.user}
            common["sasl_plain_password"] = self.password or ""
        return common

    def properties(self, topic: Topic) -> dict[str, str]:
        """How a topic is kept. The time of a record is the broker's, and what is acknowledged is on two disks."""
        kept = {
            "message.timestamp.type": "LogAppendTime",
            "max.message.bytes": str(MAX_RECORD_BYTES),
            "min.insync.replicas": str(max(1, self.replication - 1)),
            "unclean.leader.election.enable": "false",
        }
        if self.single_broker:  # there is no second disk: what is acknowledged is on this one
            kept["flush.messages"] = "1"
        if topic.cleanup == "forever":
            return kept | {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
        lag = str(ERASED_WITHIN_MS // 2)
        compact = {"cleanup.policy": "compact", "max.compaction.lag.ms": lag, "segment.ms": lag}
        return kept | compact | {"min.compaction.lag.ms": "0", "delete.retention.ms": lag, **self.compaction}
