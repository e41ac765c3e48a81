"""What one transaction makes of some entries. Pure: from what the rows hold to what they will hold."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hifadhi.evidence import recipients
from hifadhi.evidence.projection import LedgerEntry, project
from hifadhi.hub.delivery import erasures
from hifadhi.hub.delivery.erasures import Erasure
from hifadhi.referral import directory_changes
from hifadhi.referral.case import Case, Sealed
from hifadhi.referral.directory import Directory

Row: TypeAlias = dict[str, Any]


@dataclass(slots=True)
class Batch:
    """Rows by table, to be filled entry by entry.

    `cases` and `past` hold at first what the rows say of the cases and messages that the entries name; `sizes` the
    bytes of every part that they name; `named` the entries of the earlier messages that they name.
    """

    directory: Directory
    cases: dict[str, Case]
    past: dict[str, Sealed]
    sizes: dict[str, int]
    named: dict[str, LedgerEntry] = field(default_factory=dict)
    leaves: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    answers: list[Row] = field(default_factory=list)
    inbox: list[Row] = field(default_factory=list)
    naming: list[Row] = field(default_factory=list)
    heads: dict[str, Row] = field(default_factory=dict)
    erased: list[Erasure] = field(default_factory=list)

    @property
    def agencies(self) -> set[str]:
        """Whose inboxes it fills."""
        return {row["agency"] for row in self.inbox}

    def add(self, entry: LedgerEntry, raw: bytes) -> None:
        """The next entry, sealed as `raw`. `Tampered` if it contradicts what came before."""
        self._project(entry)
        self._note_message(entry)
        self.erased += erasures.ordered(entry, self.named)
        named = recipients.roles(entry, self.directory)
        self._put([self._item(entry, agency, role, len(raw)) for agency, role in named.items()], entry.index)
        self.leaves.append({"leaf_index": entry.index, "leaf": raw, "is_statement": entry.statement is not None})
        if entry.statement:
            self.directory = directory_changes.evolve(self.directory, entry.statement)

    def _project(self, entry: LedgerEntry) -> None:
        before = self.cases.get(entry.case or "")
        after = project(entry, before, self.directory, self.past)
        if after and after is not before:
            self.cases[after.id] = after
            self.heads[after.id] = {"id": after.id, "head": after.to_bytes(), "leaf_index": entry.index}

    def _note_message(self, entry: LedgerEntry) -> None:
        if entry.message is None or entry.envelope is None:
            return
        self.past.setdefault(entry.message, entry.as_past())
        self.named.setdefault(entry.message, entry)
        ruling = entry.leaf.ruling
        row = {"id": entry.message, "leaf_index": entry.index, "digest": entry.envelope.digest}
        self.messages.append({**row, "ruling": ruling.ruling, "code": ruling.code})
        if entry.recorded and entry.header:
            answer = {"agency": entry.header.sender, "stored_at": ruling.stored_at}
            self.answers += [{"message": asked, **answer} for asked in _answered(entry)]

    def _put(self, items: list[Row], index: int) -> None:
        self.inbox += items
        digests = {digest for item in items for digest in item["parts"].values()}
        self.naming += [{"digest": digest, "leaf_index": index} for digest in sorted(digests)]

    def _item(self, entry: LedgerEntry, agency: str, role: str, leaf_bytes: int) -> Row:
        parts = {name: d for name, d in recipients.parts_for(agency, entry).items() if d in self.sizes}
        size = leaf_bytes + sum(self.sizes[digest] for digest in parts.values())
        return {"agency": agency, "leaf_index": entry.index, "role": role, "parts": parts, "size": size}


def _answered(entry: LedgerEntry) -> set[str]:
    """The messages that this one answers."""
    named = (getattr(entry.header, field, None) for field in ("referral", "in_reply_to"))
    return {one for one in named if one}


def missing_part(entry: LedgerEntry, sizes: Iterable[str]) -> str | None:
    """The name of a part of the entry that must be there and is not; None if all are.

    Nobody waits for the parts of a refused message: whoever can sign at all could name some that never come.
    """
    if not entry.recorded:
        return None
    return next((part.name for part in recipients.part_entries(entry) if part.digest not in sizes), None)
