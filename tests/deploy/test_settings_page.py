import pytest

from hifadhi.hub_commands import KINDS
from hifadhi.settings import ConsoleSettings
from write_settings import PAGE, page


def rows(text: str) -> list[list[str]]:
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
    return cells[2:]


def test_the_page_shows_the_settings_as_they_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `make settings`"


def test_every_setting_of_every_service_has_one_row_and_a_meaning() -> None:
    told = rows(page())
    assert all(len(row) == 5 and all(row) for row in told)
    for service, kind in KINDS.items():
        its = [row[0].strip("`") for row in told if row[1] == "all" or service in row[1].split(", ")]
        assert sorted(its) == sorted(f"HIFADHI_{name.upper()}" for name in kind.model_fields)


def test_another_default_makes_the_page_outdated(monkeypatch: pytest.MonkeyPatch) -> None:
    class Patient(ConsoleSettings):
        port: int = 1

    monkeypatch.setitem(KINDS, "console", Patient)
    assert PAGE.read_text(encoding="utf-8") != page()
