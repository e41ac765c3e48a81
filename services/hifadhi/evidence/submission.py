"""A message as `submissions` and the leaves hold it: an envelope in its one form, read once for all who ask."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hifadhi.evidence import strict_json
from hifadhi.evidence.jws import MESSAGE, Envelope, read_envelope


@dataclass(frozen=True)
class Submission:
    """Stored bytes and the envelope in them, of which no signature is checked yet. Make one with `read`."""

    raw: bytes
    envelope: Envelope

    @cached_property
    def digest(self) -> str:
        """The identity of what was signed."""
        return self.envelope.digest

    @cached_property
    def document(self) -> Any:  # noqa: ANN401 (JSON is any of six types)
        """The payload's JSON value; `Refused` with the codes of strict JSON."""
        return strict_json.parse(self.envelope.payload)

    @property
    def members(self) -> Mapping[str, Any]:
        """Those of a payload that may break every other rule; none if it is no object. `Refused` as `document`."""
        return self.document if isinstance(self.document, dict) else {}


def read(raw: bytes) -> Submission:
    """The submission in bytes that `Envelope.to_bytes` wrote; `Refused` as by `read_envelope`."""
    return Submission(raw, read_envelope(raw, typ=MESSAGE))
