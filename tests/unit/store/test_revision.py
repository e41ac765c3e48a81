import asyncio
import subprocess
import sys
from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory

from hifadhi.store.metadata import METADATA
from hifadhi.store.migrations import env
from hifadhi.store.revision import VERSIONS, newest
from hifadhi.store.sqlite import SqliteStore

MIGRATE = """
import asyncio, sys
from pathlib import Path
from hifadhi.store.sqlite import SqliteStore

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.migrate()
    await store.close()

asyncio.run(main())
print("alembic" in sys.modules)
"""


def test_importing_the_environment_runs_no_migration_and_gives_the_tables_declared() -> None:
    assert env.declared() is METADATA


def test_the_revisions_lie_in_the_package() -> None:
    assert (VERSIONS / "README.md").is_file()


def test_each_revision_has_the_number_of_its_file_and_follows_the_one_before_it() -> None:
    config = Config()
    options = {"script_location": VERSIONS.parent, "version_locations": VERSIONS, "path_separator": "newline"}
    for name, value in options.items():
        config.set_main_option(name, str(value))
    scripts = ScriptDirectory.from_config(config)
    found = list(scripts.walk_revisions())
    numbers = sorted(path.stem.partition("_")[0] for path in VERSIONS.glob("*.py"))
    assert [one.revision for one in reversed(found)] == numbers
    assert [Path(one.path).stem.partition("_")[0] for one in reversed(found)] == numbers
    assert scripts.get_heads() == [newest(VERSIONS)]


def migrated(store: SqliteStore) -> None:
    async def migrate() -> None:
        await store.migrate()
        await store.close()

    asyncio.run(migrate())


def test_a_database_of_this_release_is_opened_without_alembic(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    migrated(SqliteStore(path))
    command = [sys.executable, "-c", MIGRATE, str(path)]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == "False\n"


def test_a_folder_without_revisions_has_no_newest_and_asks_nothing_of_a_database(tmp_path: Path) -> None:
    assert newest(tmp_path) is None
    migrated(SqliteStore(tmp_path / "store.sqlite", versions=tmp_path))
