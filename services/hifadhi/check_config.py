"""`hifadhi check-config`: what a service would run with, held against the broker and the database."""

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from hifadhi import wiring
from hifadhi.errors import Fault, Refused
from hifadhi.settings import GatewaySettings, RegistrySettings, ServiceSettings, StoredSettings, unknown_names

MASK: Final = "(set)"


async def check(settings: ServiceSettings) -> None:
    """Says each setting and each check on stdout. `Refused`: it must not run like this; `Unavailable`: ask again."""
    for line in _told(settings):
        sys.stdout.write(f"{line}\n")
    refused = [
        Fault("SCHEMA", f"/{name}", "no setting has this name; see `hifadhi --help`") for name in unknown_names()
    ]
    refused += _key_faults(settings)
    refused += [Fault("REPLICATION", "/stream", sentence) for sentence in await wiring.shortcomings(settings)]
    if isinstance(settings, StoredSettings):
        await _of_the_database(settings)
    if refused:
        raise Refused(*refused)
    sys.stdout.write("all is well\n")


def _told(settings: ServiceSettings) -> Iterator[str]:
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = MASK if value.get_secret_value() else ""
        yield f"HIFADHI_{name.upper()}={value if value is not None else ''}"


def _key_faults(settings: ServiceSettings) -> list[Fault]:
    """Of the files: the root of trust, and the keys that it names."""
    asked: list[tuple[Callable[[Path], object], Path]] = [(wiring.read_root, settings.root_file)]
    if isinstance(settings, GatewaySettings):
        asked.append((wiring.read_key, settings.gateway_key_file))
    if isinstance(settings, RegistrySettings):
        asked.append((wiring.read_key, settings.ledger_key_file))
        asked.append((partial(_read_ledger_keys, settings), settings.root_file))
    found: list[Fault] = []
    for read, path in asked:
        try:
            read(path)
        except Refused as refusal:
            found += [fault for fault in refusal.faults if fault not in found]
    return found


def _read_ledger_keys(settings: RegistrySettings, root_file: Path) -> None:
    wiring.read_ledger_keys(settings, wiring.read_root(root_file))


async def _of_the_database(settings: StoredSettings) -> None:
    store = wiring.open_store(settings)
    try:
        await store.migrate()  # it refuses a database whose order is not ours, as each service does at its start
    finally:
        await store.close()
