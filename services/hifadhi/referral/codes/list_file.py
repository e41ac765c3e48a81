"""The file of a code list, as governance publishes a newer one: read, and held against the list that is built in.

1. It has the form of the files in `schemas/codes/`, each code once, titles and labels in English at least.
2. Its name says what it is, `border-posts.2.json`: nobody fetches another version than the directory names.
3. Its version is higher than the one that is built in.
4. It keeps every code of the one that is built in, with its English label: no code ever changes its meaning.
"""

from hashlib import sha256
from typing import Annotated

from pydantic import Field, ValidationError

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import b64u, strict_json
from hifadhi.referral import faults
from hifadhi.referral.closed import Closed, Items, line, pattern, text
from hifadhi.referral.codes import LISTS

MOST_CODES = 2_000

ListName = Annotated[str, pattern(r"^[a-z]{2,24}(-[a-z]{2,24}){0,3}$")]
ListVersion = Annotated[int, Field(ge=1, le=9_999)]
LanguageTag = Annotated[str, pattern(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}$")]
Words = Annotated[dict[LanguageTag, Annotated[str, text(300)]], Field(min_length=1, max_length=32)]


class Labelled(Closed):
    """A code and its labels by language."""

    code: Annotated[str, line(100)]
    label: Words


class CodeListFile(Closed):
    """What a list's file says."""

    name: ListName = Field(alias="list")
    version: ListVersion
    title: Words
    codes: Annotated[Items[Labelled], Field(min_length=1, max_length=MOST_CODES)]


def read(raw: bytes, *, file_name: str) -> CodeListFile:
    """The list in a file's bytes. Refused: the codes of strict JSON, SCHEMA, VERSION (rule 3), MEANING (rule 4)."""
    document = strict_json.parse(raw)
    try:
        found = CodeListFile.model_validate(document)
    except ValidationError as error:
        raise faults.refusal(error, document) from None
    _check_form(found, file_name)
    _check_newer(found)
    return found


def digest(raw: bytes) -> str:
    """SHA-256 of a file's bytes, as the directory names it."""
    return b64u.encode(sha256(raw).digest())


def _check_form(found: CodeListFile, file_name: str) -> None:
    if len({one.code for one in found.codes}) != len(found.codes):  # rule 1
        raise Refused(Fault("SCHEMA", "/codes", "a code stands twice"))
    for where, words in (("/title", found.title), *((f"/codes/{n}/label", c.label) for n, c in enumerate(found.codes))):
        if "en" not in words:  # rule 1
            raise Refused(Fault("SCHEMA", where, "the English words are missing; other languages stand beside them"))
    expected = f"{found.name}.{found.version}.json"
    if file_name != expected:  # rule 2
        raise Refused(Fault("SCHEMA", "/list", f"the file of this list and version is called {expected}"))


def _check_newer(found: CodeListFile) -> None:
    built_in = LISTS.get(found.name)
    if built_in is None:
        return
    if found.version <= built_in.version:  # rule 3
        raise Refused(Fault("VERSION", "/version", f"version {built_in.version} is built in; a newer one is higher"))
    labels = {one.code: one.label["en"] for one in found.codes}
    if changed := [code for code, label in built_in.labels.items() if labels.get(code) != label]:  # rule 4
        raise Refused(
            Fault("MEANING", "/codes", f"a code keeps its meaning for ever; look at {', '.join(changed[:8])}")
        )
