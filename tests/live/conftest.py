from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from folder_database import name_database
from postgres_server import PostgresServer


@pytest.fixture
def on_postgres(tmp_path: Path, postgres: PostgresServer) -> Iterator[str]:
    """The services that a test opens in its folder have a PostgreSQL database of their own; its address."""
    url = postgres.new_database(f"services_{uuid4().hex}")
    for folder in (tmp_path, tmp_path / "exchange"):
        name_database(folder, url)
    yield url
    assert not list(tmp_path.rglob("store.sqlite"))  # else something was tested on another
