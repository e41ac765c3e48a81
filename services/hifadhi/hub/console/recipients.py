"""The agencies that an entry is handed over to, so far as `deliveries` will tell of it (`wire.md` §5). Pure."""

from hifadhi.evidence.projection import LedgerEntry
from hifadhi.referral.directory import Directory


def recipients(entry: LedgerEntry, directory: Directory) -> frozenset[str]:
    """Addressees, readers and the responsible agency of a recorded message.

    Not its sender, nor the parties of a lapse: when those fetch it, delivery tells nobody.
    """
    header = entry.header
    if not entry.recorded or header is None:
        return frozenset()
    readers = (agency for part in header.part_entries for agency in part.readers)
    named = {*header.addressees, *readers, entry.leaf.ruling.responsible or ""} - {header.sender}
    return frozenset(named & directory.agencies.keys())
