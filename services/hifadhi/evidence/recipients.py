"""Who gets an entry, in which role, with which parts (`wire.md` §5). Pure.

1. A recorded message goes to `from`, `to`, the readers of its parts and the responsible agency of the ruling.
2. A refused one goes to its sender only: to nobody else did anything happen.
3. A lapse goes to the parties.
4. A part goes only to those whom the header names as its readers.

Governance, and a name that the directory does not have, has no inbox.
"""

from collections.abc import Iterator
from typing import Final

from hifadhi.evidence.leaf import LAPSED
from hifadhi.evidence.projection import LedgerEntry
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import PartEntry

SENDER: Final = "sender"
ADDRESSEE: Final = "addressee"
READER: Final = "reader"
PARTY: Final = "party"


def roles(entry: LedgerEntry, directory: Directory) -> dict[str, str]:
    """Role by agency; an agency that has several has the strongest: sender, addressee, reader, party."""
    named: dict[str, str] = {}
    for role, agency in _named(entry, directory):
        if directory.takes_part(agency):
            named.setdefault(agency, role)
    return named


def handed_over(entry: LedgerEntry, directory: Directory) -> set[str]:
    """Those of whom delivery tells when they fetch it: of a recorded message everybody but its sender."""
    return {agency for agency, role in roles(entry, directory).items() if entry.recorded and role != SENDER}


def parts_for(agency: str, entry: LedgerEntry) -> dict[str, str]:
    """Rule 4: name to digest."""
    return {part.name: part.digest for part in part_entries(entry) if agency in part.readers}


def part_entries(entry: LedgerEntry) -> tuple[PartEntry, ...]:
    """The parts that the entry names; none if its header cannot be read."""
    return entry.header.part_entries if entry.header else ()


def _named(entry: LedgerEntry, directory: Directory) -> Iterator[tuple[str, str]]:
    """The strongest role first."""
    ruling, header = entry.leaf.ruling, entry.header
    if ruling.ruling == LAPSED:  # rule 3
        yield from ((PARTY, agency) for agency in ruling.parties or ())
        return
    yield SENDER, _sender(entry, directory)
    if entry.recorded and header:  # rule 1; all others end here by rule 2
        yield from ((ADDRESSEE, agency) for agency in header.addressees)
        yield from ((READER, agency) for part in header.part_entries for agency in part.readers)
        yield PARTY, ruling.responsible or ""


def _sender(entry: LedgerEntry, directory: Directory) -> str:
    if entry.header:
        return entry.header.sender
    # A payload that breaks its schema says nothing reliable; its signature was checked, and names the key.
    key = directory.keys.get(entry.envelope.signatures[0].kid) if entry.envelope else None
    return key.agency if key else ""
