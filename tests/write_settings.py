"""Writes the page of all settings from the settings themselves: `python tests/write_settings.py`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import SecretStr

from hifadhi.hub_commands import KINDS
from hifadhi.settings import PREFIX, SECRETS, SETTINGS

PAGE = Path(__file__).parent.parent / "deploy" / "settings.md"
HEAD = f"""# Settings

Generated from `services/hifadhi/settings.py` by `make settings`; a test holds the two together.

A service takes each from the command line, else the environment, else the file that `{SETTINGS}` (or `--settings`)
names, with lines `NAME=value`, else the folder that `{SECRETS}` names, with a file for each, named in lower case. An
empty value is none. `hifadhi check-config SERVICE` says what a service would run with, and refuses a name that is not
here. `up` is `hifadhi up`, all services in one process.

| name | services | default | takes | meaning |
|---|---|---|---|---|
"""


class Row(NamedTuple):
    name: str
    default: str
    takes: str
    meaning: str


def page() -> str:
    """The page as it has to be."""
    lines = (
        f"| `{row.name}` | {', '.join(services) if len(services) < len(KINDS) else 'all'} | {row.default} "
        f"| {row.takes} | {row.meaning} |\n"
        for row, services in _services().items()
    )
    return HEAD + "".join(lines)


def _services() -> dict[Row, list[str]]:
    """Who has each: a setting with two defaults is two rows, one beside the other."""
    found: dict[Row, list[str]] = {}
    for service in KINDS:
        for row in _rows(service):
            found.setdefault(row, []).append(service)
    names = list(dict.fromkeys(row.name for row in found))
    return dict(sorted(found.items(), key=lambda one: names.index(one[0].name)))


def _rows(service: str) -> Iterator[Row]:
    kind = KINDS[service]
    properties = kind.model_json_schema()["properties"]
    for name, field in kind.model_fields.items():
        takes = _takes(properties[name])
        yield Row(PREFIX + name.upper(), _default(field.default), takes, field.description or "")


def _default(value: object) -> str:
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    given = value.get_secret_value() if isinstance(value, SecretStr) else value
    return f"`{given}`" if isinstance(given, int | str | Path) and str(given) else "none"


def _takes(told: dict[str, Any]) -> str:
    """In words, what the schema says of one value."""
    if "anyOf" in told:
        return _takes(told["anyOf"][0])
    if "enum" in told:
        return ", ".join(told["enum"])
    if "minimum" in told:
        return f"{told['minimum']} to {told['maximum']}"
    if "pattern" in told:
        return f"`{told['pattern']}`"
    if "maxLength" in told:
        return f"text of at most {told['maxLength']}"
    kinds = {"boolean": "`true`, `false`", "object": "a JSON object"}
    formats = {"path": "a path", "password": "a secret"}
    return kinds.get(told["type"]) or formats.get(told.get("format", ""), "text")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
