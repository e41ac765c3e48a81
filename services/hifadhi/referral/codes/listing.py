"""One code list: its name, its version, its codes with English labels."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class CodeList:
    """A released version of a list; `labels` has its codes in the order in which they are offered to people."""

    name: str
    title: str
    labels: Mapping[str, str]
    version: int = 1

    def document(self) -> dict[str, Any]:
        """The list's file: titles and labels by language (BCP 47), so that translations need no other structure."""
        return {
            "list": self.name,
            "version": self.version,
            "title": {"en": self.title},
            "codes": [{"code": code, "label": {"en": label}} for code, label in self.labels.items()],
        }
