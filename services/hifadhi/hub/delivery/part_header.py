"""Which message a sealed part says that it is of.

Its header stands in clear and is authenticated with what is sealed (`wire.md` §1): an edge opens a part under no other
message. Its digest may be named by whoever has the bytes, each reader among them, and before its own message comes.
"""

from hifadhi.errors import Fault, Refused
from hifadhi.evidence import b64u, strict_json


def message_of(sealed: bytes) -> str:
    """The message's id. Refused: it says none that an edge could read, and none opens it."""
    protected = b64u.decode(_member(strict_json.parse(sealed), "protected"))
    return _member(strict_json.parse(protected), "message")


def _member(value: object, name: str) -> str:
    text = value.get(name) if isinstance(value, dict) else None
    if not isinstance(text, str):
        raise Refused(Fault("SCHEMA", "", f"must have a text {name}"))
    return text
