"""The three words for errors, by who must act.

`Refused`: the other side must change what it sent. `Unavailable`: try the same again. `Tampered`: evidence
contradicts itself; stop and alarm. `hub/problem.py` maps them to HTTP (RFC 9457), in one place.
"""

from dataclasses import dataclass


class HifadhiError(Exception):
    """Everything that this package raises on purpose."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with what was sent: a stable code, where (JSON pointer, RFC 6901), why and how to mend it.

    The sentence never repeats a value of the message: it may be personal data.
    """

    code: str
    pointer: str
    message: str


class Refused(HifadhiError):
    """What was sent cannot be accepted as it is; the same again will be refused again."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(f"{f.code} at {f.pointer or '/'}: {f.message}" for f in faults))
        self.faults = faults

    @property
    def code(self) -> str:
        """The first fault's code, which stands for the whole refusal."""
        return self.faults[0].code


class Unavailable(HifadhiError):
    """Nothing is wrong with what was sent: try the same again after `retry_after_s` seconds."""

    def __init__(self, why: str, *, code: str = "UNAVAILABLE", retry_after_s: int = 1) -> None:
        super().__init__(why)
        self.code = code
        self.retry_after_s = retry_after_s


class Tampered(HifadhiError):
    """Evidence contradicts itself, at the ledger index given, or at none in particular."""

    def __init__(self, why: str, *, index: int | None = None) -> None:
        super().__init__(why if index is None else f"index {index}: {why}")
        self.why = why
        self.index = index
