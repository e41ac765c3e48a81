"""Writes schemas, code lists and the HTTP interface into a folder: `python tests/write_schemas.py schemas`."""

import json
import sys
from pathlib import Path
from typing import Any

from hifadhi.hub.reference import asyncapi, openapi
from hifadhi.referral.codes import list_files
from hifadhi.referral.published import published_schemas

WIDTH = 100


def published_files() -> dict[str, str]:
    """Every file under `schemas/` that is made from the program, by its path there."""
    contents = {**published_schemas(), **list_files()}
    return {relative: as_text(content) + "\n" for relative, content in contents.items()}


def reference_files() -> dict[str, str]:
    """The HTTP interface and the topics, by their paths there."""
    return {f"{kind.__name__.rpartition('.')[2]}.json": as_text(kind.document()) + "\n" for kind in (openapi, asyncapi)}


def as_text(value: Any, margin: str = "") -> str:
    """JSON in which an object or list that fits on a line has one."""
    short = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or (margin and len(margin) + len(short) <= WIDTH):
        return short
    inner = margin + "  "
    if isinstance(value, list):
        return "[\n" + ",\n".join(inner + as_text(item, inner) for item in value) + f"\n{margin}]"
    members = (f"{inner}{json.dumps(key)}: {as_text(member, inner)}" for key, member in value.items())
    return "{\n" + ",\n".join(members) + f"\n{margin}}}"


def write(folder: Path) -> None:
    for relative, text in {**published_files(), **reference_files()}.items():
        target = folder / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
