"""A message that the hub has stored, and what was ruled on it."""

from dataclasses import dataclass

from hifadhi.agency.wire.exchange import Ruling
from hifadhi.agency.wire.receipt import Receipt, Rejection


@dataclass(frozen=True, slots=True)
class Sent:
    """`ruling` is None, if it was not sealed while we waited.

    `receipt` is None for an automatic answer that had been given before, and for a message whose receipt was lost.
    `refused`: messages of earlier sendings that had been kept, and that the hub has refused since.
    """

    id: str
    receipt: Receipt | None
    ruling: Ruling | None = None
    refused: tuple[Rejection, ...] = ()

    @property
    def is_recorded(self) -> bool:
        """Whether it is on record."""
        return self.ruling is not None and self.ruling.ruling == "recorded"

    @property
    def has_effect(self) -> bool:
        """Whether it counts from now on: an irregular one is on record, and changes nothing."""
        return self.ruling is not None and self.is_recorded and not self.ruling.irregular
