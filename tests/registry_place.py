"""The registry alone on a folder: its stream, its database, submissions as a gateway stores them, what it has sealed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast as typed

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from cast import Body, Cast, payload_of
from hifadhi.evidence.tiles import ENTRIES, WIDTH, entry_bundle, tiles_at
from hifadhi.evidence.tiles import Tile
from hifadhi.evidence.tree import HASH_BYTES
from hifadhi.hub.gateway import reception
from hifadhi.hub.registry import rows, tables, tiling
from hifadhi.hub.registry.publisher import Publisher
from hifadhi.hub.registry.sealer import Sealer
from hifadhi.hub.registry.service import Registry
from hifadhi.store.metadata import METADATA
from hifadhi.store.port import Store
from hifadhi.store.sqlite import SqliteStore
from hifadhi.stream.port import Entry, Record, Stream
from hifadhi.stream.sqlite import SqliteStream
from hifadhi.stream.topics import PROGRESS, SUBMISSIONS, topics
from hub_ledger import Audited, audited
from time_machine import Clock

DEADLINE_S = 20.0
AUDIENCE = "https://exchange.example"
