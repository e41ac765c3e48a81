"""A message as `submissions` and the leaves hold it: an envelope in its one form, read once for all who ask."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from hifadhi.errors import Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.jws import MESSAGE, Envelope, read_envelope
from hifadhi.referral import message
from hifadhi.referral.header import Header


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

    @cached_property
    def header(self) -> Header:
        """The typed header; `Refused` as by `message.read`."""
        return message.read(self.document)

    def look(self) -> None:
        """Read everything now: what was read goes along into another process."""
        with suppress(Refused):
            self.header  # noqa: B018 (reading it is the point)
        self.digest  # noqa: B018

    def __getstate__(self) -> dict[str, Any]:
        """The JSON value need not go along with the header that was made of it."""
        state = dict(vars(self))
        if "header" in state:
            del state["document"]
        return state

    def said(self, *names: str) -> list[Any]:
        """The members of these names, None for what is not there, of a payload that may break every other rule.

        `Refused` as `document`.
        """
        if (header := vars(self).get("header")) is not None:
            return [getattr(header, name, None) for name in names]
        members: Mapping[str, Any] = self.document if isinstance(self.document, dict) else {}
        return [members.get(name) for name in names]


def read(raw: bytes) -> Submission:
    """The submission in bytes that `Envelope.to_bytes` wrote; `Refused` as by `read_envelope`."""
    return Submission(raw, read_envelope(raw, typ=MESSAGE))
