"""A message in a file, on its way between those who sign it: the bytes that will be posted, a signature short at first.

JSON, as on the wire (`schemas/README.md`): `header` with its payload and signatures, `parts` sealed. So nobody reads in
it who does not read the message itself, and nothing in it can change: the first signature holds the parts by digest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Self

from hifadhi.agency.composing.compose import MAX_MESSAGE, Message
from hifadhi.errors import Fault, Refused
from hifadhi.evidence import jwe, jws, strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.jws import Envelope
from hifadhi.referral import admission, message
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import Header

_ALTERED: Final = "these are not the bytes that were signed: the file was altered; have it made anew"


@dataclass(frozen=True, slots=True)
class SignedFile:
    """What such a file holds; its parts are those that the header names, by digest."""

    envelope: Envelope
    header: Header
    parts: Mapping[str, str]

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """The file's message. Refused: TOO_LARGE, PART_MISSING, PART_SURPLUS, PART_DIGEST, and what is wrong in it."""
        if len(raw) > MAX_MESSAGE:
            raise Refused(Fault("TOO_LARGE", "", "a message has at most 1 MiB"))
        members = strict_json.members(strict_json.parse(raw), ("header", "parts"))
        envelope = jws.parse_envelope(members["header"], typ=jws.MESSAGE, pointer="/header")
        header, parts = message.parse(envelope.payload), members["parts"]
        if not isinstance(parts, dict) or not all(isinstance(part, str) for part in parts.values()):
            raise Refused(Fault("SCHEMA", "/parts", "must be an object with a string for each sealed part"))
        _check_parts(header, parts)
        return cls(envelope, header, parts)

    @property
    def message(self) -> Message:
        """As it is posted."""
        return Message.of(self.header, self.envelope, self.parts)

    def countersigned(self, key: PrivateJwk) -> Self:
        """With one more signature."""
        return replace(self, envelope=self.envelope.countersigned(jws.MESSAGE, key))

    def check_first_signature(self, directory: Directory) -> None:
        """Refused, unless its sender has signed, with a valid key, and nobody else yet."""
        admission.check_first_key(self.envelope, self.header, directory)
        self._check_signatures(directory)

    def check_signed(self, directory: Directory, *, by: str) -> None:
        """Refused, unless it is `by` this agency and all who are to sign have signed, with valid keys."""
        if self.header.sender != by:
            says = f"{self.header.sender} made this message and counts it; {self.header.sender} posts it"
            raise Refused(Fault("SENDER_MISMATCH", "/from", says))
        admission.check_keys(self.envelope, self.header, directory)
        self._check_signatures(directory)

    def _check_signatures(self, directory: Directory) -> None:
        try:
            admission.check_signatures(self.envelope, self.header, directory)
        except Refused as refusal:
            raise Refused(*(Fault(fault.code, fault.pointer, _ALTERED) for fault in refusal.faults)) from None


def _check_parts(header: Header, parts: Mapping[str, str]) -> None:
    names = [entry.name for entry in header.part_entries]
    missing = [
        Fault("PART_MISSING", f"/parts/{name}", "the header names this part") for name in names if name not in parts
    ]
    if missing:
        raise Refused(*missing)
    if len(parts) != len(names):
        raise Refused(Fault("PART_SURPLUS", "/parts", "a part that the header does not name"))
    for entry in header.part_entries:
        if jwe.digest(parts[entry.name]) != entry.digest:
            raise Refused(Fault("PART_DIGEST", f"/parts/{entry.name}", _ALTERED))
