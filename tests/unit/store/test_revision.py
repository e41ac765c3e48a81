from hifadhi.store.metadata import METADATA
from hifadhi.store.migrations import env
from hifadhi.store.revision import VERSIONS


def test_importing_the_environment_runs_no_migration_and_gives_the_tables_declared() -> None:
    assert env.declared() is METADATA


def test_the_revisions_lie_in_the_package() -> None:
    assert (VERSIONS / "README.md").is_file()
