"""A message as `submissions` and the leaves hold it: an envelope in its one form, read once for all who ask."""

from collections.abc import Mapping
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

    @property
    def typed(self) -> Header | None:
        """The typed header; None, if the payload breaks the rules of its form."""
        try:
            return self.header
        except Refused:
            return None

    def said(self, *names: str) -> list[Any]:
        """The members of these names, None for what is not there, of a payload that may break every other rule.

        `Refused` as `document`.
        """
        members: Mapping[str, Any] = self.document if isinstance(self.document, dict) else {}
        return [members.get(name) for name in names]


def read(raw: bytes) -> Submission:
    """The submission in bytes that `Envelope.to_bytes` wrote; `Refused` as by `read_envelope`."""
    return Submission(raw, read_envelope(raw, typ=MESSAGE))


def read_before(raw: bytes, envelope: Envelope, *document: Any) -> Submission:  # noqa: ANN401 (JSON is any of six types)
    """The submission that `read` gave for these bytes in another process, with its `document` if it has one."""
    submission = Submission(raw, envelope)
    vars(submission).update(zip(("document",), document, strict=False))
    return submission
