"""How far an audit is, as it is kept to go on from there: everything but the cases, the messages and the directory."""

from typing import Final

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked

from hifadhi.errors import Tampered
from hifadhi.evidence.findings import Finding, Numbers

_FORMAT: Final = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")


@checked(frozen=True, slots=True, config=_FORMAT)
class Progress:
    """Of the leaves before `size`. `edge`: of their tree; `rows`: its unfinished tiles, from level 0 on.

    `position`: of the last leaf; `is_sealing`: whether that was a lapse. `stored_at`: its instant, milliseconds UTC.
    """

    size: int
    stored_at: int
    position: int
    is_sealing: bool
    edge: bytes
    rows: tuple[bytes, ...]
    counts: dict[str, int]
    numbers: dict[str, Numbers]
    found: tuple[Finding, ...]

    def to_bytes(self) -> bytes:
        """As a file keeps it."""
        return _ADAPTER.dump_json(self)

    @classmethod
    def from_bytes(cls, raw: bytes) -> "Progress":
        """What `to_bytes` wrote; else `Tampered`."""
        try:
            return _ADAPTER.validate_json(raw)
        except ValidationError:
            raise Tampered("the state of an earlier audit cannot be read; begin without it") from None


_ADAPTER: Final = TypeAdapter(Progress)
