"""What one transaction makes of some entries. Pure: from what the rows hold to what they will hold."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, TypeAlias

from hifadhi.evidence import recipients, story
from hifadhi.evidence.leaf import LAPSED
from hifadhi.evidence.projection import LedgerEntry, project
from hifadhi.referral import directory_changes
from hifadhi.referral.case import Case, Referral, Sealed
from hifadhi.referral.directory import Directory
from hifadhi.referral.headers import ReferralRequested
from hifadhi.referral.statements import AgencyRemoved
from hifadhi.referral.table import REPLY, State

Row: TypeAlias = dict[str, Any]

REGISTRY: Final = "registry"
UNREADABLE: Final = "unreadable"


@dataclass(slots=True)
class Batch:
    """Rows by table, to be filled entry by entry.

    `cases` and `past` hold at first what the rows say of the cases and messages that the entries name; `within` the
    referral of each of those messages that has one.
    """

    directory: Directory
    cases: dict[str, Case]
    past: dict[str, Sealed]
    within: dict[str, str]
    entries: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    statements: list[Row] = field(default_factory=list)
    unfetched: list[Row] = field(default_factory=list)
    timeline: list[Row] = field(default_factory=list)
    heads: dict[str, Row] = field(default_factory=dict)
    referrals: dict[str, Row] = field(default_factory=dict)
    succeeded: dict[str, str] = field(default_factory=dict)

    def add(self, entry: LedgerEntry, raw: bytes) -> None:
        """The next entry, sealed as `raw`. `Tampered` if it contradicts what came before."""
        before = self.cases.get(entry.case or "")
        after = project(entry, before, self.directory, self.past)
        concerned = self._concerned(entry, after) if after else None
        self._note(entry, raw, after, concerned)
        if after:
            self._tell(entry, before, after, concerned)
            self._keep(before, after)
        if entry.statement:
            self.directory = directory_changes.evolve(self.directory, entry.statement)
            self.statements.append({"leaf_index": entry.index, "leaf": raw})
            if isinstance(entry.statement, AgencyRemoved) and entry.statement.successor:
                self.succeeded[entry.statement.agency] = entry.statement.successor

    def _concerned(self, entry: LedgerEntry, case: Case) -> Referral | None:
        """The referral that it names, or within which the message was said that it answers."""
        header = entry.header
        named = header.id if isinstance(header, ReferralRequested) else getattr(header, "referral", "")
        asked = getattr(header, "in_reply_to", "")
        named = named or entry.leaf.ruling.referral or self.within.get(asked, asked)
        return case.referrals.get(named)

    def _note(self, entry: LedgerEntry, raw: bytes, case: Case | None, concerned: Referral | None) -> None:
        ids = {"case": case.id if case else None, "referral": concerned.id if concerned else None}
        self.entries.append({**_said(entry, self.directory), "leaf_hash": sha256(raw).digest(), **ids})
        agencies = sorted(recipients.handed_over(entry, self.directory))
        self.unfetched += [{"leaf_index": entry.index, "agency": agency} for agency in agencies]
        if entry.message and entry.envelope:
            self.messages.append({"id": entry.message, "leaf_index": entry.index, "digest": entry.envelope.digest})
            self.past.setdefault(entry.message, entry.as_past())
            if concerned:
                self.within.setdefault(entry.message, concerned.id)

    def _tell(self, entry: LedgerEntry, before: Case | None, after: Case, concerned: Referral | None) -> None:
        happened = story.Happened(index=entry.index, ruling=entry.leaf.ruling, header=entry.header, case=after)
        line = {"leaf_index": entry.index, "words": story.tell(happened).words, "responsible": after.owed_by}
        line |= _standing(concerned)
        moved = before is None or before.owed_by != after.owed_by
        concerns = ([concerned.id] if concerned else []) + ([after.id] if moved or concerned is None else [])
        self.timeline += [{**line, "concerns": one, "moves": moved} for one in concerns]

    def _keep(self, before: Case | None, after: Case) -> None:
        if after is before:
            return
        self.cases[after.id] = after
        self.heads[after.id] = {"id": after.id, "head": after.to_bytes(), "responsible": after.owed_by}
        known = before.referrals if before else {}
        for one in after.referrals.values():
            if one != known.get(one.id):
                self._stand(one, after.id)

    def _stand(self, one: Referral, case: str) -> None:
        row, earlier = _referral(one, case), self.referrals.get(one.id)
        if earlier and one.state is State.ESCALATED:
            row["answer_due"] = earlier["answer_due"]
        self.referrals[one.id] = row


def _said(entry: LedgerEntry, directory: Directory) -> Row:
    ruling, header = entry.leaf.ruling, entry.header
    row = {
        "leaf_index": entry.index,
        "stored_at": ruling.stored_at,
        "ruling": ruling.ruling,
        "code": ruling.code,
        "irregular": bool(ruling.irregular),
    }
    if ruling.ruling == LAPSED:
        parties = list(ruling.parties or ())
        return {**row, "type": f"lapse:{ruling.clock}", "sender": REGISTRY, "addressees": parties}
    if header:
        return {**row, "type": header.type, "sender": header.sender, "addressees": list(header.addressees)}
    return {**row, "type": UNREADABLE, "sender": _signer(entry, directory), "addressees": []}


def _signer(entry: LedgerEntry, directory: Directory) -> str:
    """Whose key signed a payload that says nothing reliable."""
    key = directory.keys.get(entry.envelope.signatures[0].kid) if entry.envelope else None
    return key.agency if key else ""


def _standing(referral: Referral | None) -> Row:
    """The state and the clock of the referral after an entry that concerns it."""
    if referral is None:
        return {"state": None, "clock": None, "due": None}
    return {"state": referral.state.value, "clock": referral.clock, "due": referral.due}


def _referral(one: Referral, case: str) -> Row:
    """`answer_due` of an escalated one, which has no clock any more, stays as it was."""
    answer_due = one.due if one.clock == REPLY else None
    asked = {"id": one.id, "case": case, "sender": one.sender, "receiver": one.receiver, "kind": one.kind}
    standing = {"urgency": one.urgency, "state": one.state.value, "clock": one.clock, "due": one.due}
    return {**asked, **standing, "answer_due": answer_due}
