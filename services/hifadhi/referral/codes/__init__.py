"""Code lists: what the codes in sealed parts mean (`domain.md` §7).

A code is kept whether or not this version knows it; a list grows by a new version, and no code ever changes meaning.
The tables here are the source; `schemas/codes/` holds the same lists as files, for every other language.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hifadhi.referral.codes import circumstances, course, decisions, protection
from hifadhi.referral.codes.listing import CodeList

LISTS: Mapping[str, CodeList] = MappingProxyType(
    {listed.name: listed for listed in (*protection.LISTS, *decisions.LISTS, *circumstances.LISTS, *course.LISTS)}
)


def known(list_name: str, code: str) -> bool:
    """Whether this version of the list has the code. KeyError: there is no such list."""
    return code in LISTS[list_name].labels


def label(list_name: str, code: str) -> str:
    """The code's English label; an unknown code is shown as such, never hidden. KeyError: there is no such list."""
    return LISTS[list_name].labels.get(code, f"{code} (not in version {LISTS[list_name].version} of this list)")


def list_files() -> Mapping[str, dict[str, Any]]:
    """Path under `schemas/` to the content of each list's file."""
    return {f"codes/{listed.name}.{listed.version}.json": listed.document() for listed in LISTS.values()}
