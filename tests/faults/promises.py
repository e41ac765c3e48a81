"""What must be true of an exchange, whatever has died in it: each promise a function that yields what breaks it."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from cast import payload_of
from faults.remains import Remains
from hifadhi.errors import Refused
from hifadhi.evidence import b64u, recipients
from hifadhi.evidence import submission as submissions
from hifadhi.evidence.leaf import LAPSED
from hifadhi.evidence.projection import read
from hifadhi.evidence.tree import Edge, leaf_hash
from hifadhi.referral import directory_changes
from hifadhi.referral.directory import Directory
from hifadhi.referral.table import KIND, Kind
from hifadhi.stream.topics import DEAD_LETTERS, PARTS, SUBMISSIONS
from hub_ledger import digest_of


def honest_agencies_heard_no_refusal(remains: Remains) -> Iterator[str]:
    yield from remains.journal.complaints


def everything_posted_has_a_receipt(remains: Remains) -> Iterator[str]:
    for body in remains.journal.missing(remains.journal.posted.values()):
        yield f"{digest_of(body)} has no receipt"


def every_receipt_has_its_leaf(remains: Remains) -> Iterator[str]:
    """One leaf, that of the message's first submission: at or before the earliest promise."""
    found: dict[str, list[int]] = defaultdict(list)
    for index, envelope in remains.ledger.envelopes.items():
        found[envelope.digest].append(index)
    for digest, receipts in remains.journal.receipts.items():
        indexes = found.get(digest, [])
        if len(indexes) != 1:
            yield f"{digest} has {len(indexes)} leaves: {indexes}"
            continue
        ruling = remains.ledger.leaves[indexes[0]].ruling
        first = min(receipts, key=lambda one: int(one["position"]))
        if ruling.position > first["position"]:
            yield f"{digest} was promised position {first['position']} and ruled at {ruling.position}"
    for digest, indexes in found.items():
        if len(indexes) > 1:
            yield f"{digest} has the leaves {indexes}"


def nothing_is_sealed_that_nobody_posted(remains: Remains) -> Iterator[str]:
    for index, envelope in remains.ledger.envelopes.items():
        if envelope.digest not in remains.journal.posted:
            yield f"nobody posted what is sealed at index {index}"


def nothing_is_promised_that_is_not_stored(remains: Remains) -> Iterator[str]:
    """At a receipt's position stands its submission, and its parts are there, byte for byte."""
    stored = {record.position: record for record in remains.topics[SUBMISSIONS]}
    parts = {b64u.encode(record.key): record.value for record in remains.topics[PARTS]}
    gone = _erased(remains)
    for digest, receipts in remains.journal.receipts.items():
        for one in receipts:
            record = stored.get(one["position"])
            if record is None or _digest(record.value or b"") != digest:
                yield f"the receipt of {digest} names position {one['position']}, where it is not"
        body = remains.journal.posted[digest]
        for entry in payload_of(body).get("parts", ()):
            here = parts.get(entry["digest"])
            if entry["digest"] in gone:
                if here is not None and len(receipts) == 1:  # one that was posted again comes back for a moment
                    yield f"a part of {digest} was to be erased and is there"
            elif here != body["parts"][entry["name"]].encode():
                yield f"a part of {digest} is not stored"


def every_position_has_one_outcome(remains: Remains) -> Iterator[str]:
    """A tick, a dead letter, a leaf, or a repeat of an earlier leaf."""
    leaf_at: dict[int, list[int]] = defaultdict(list)
    for index, leaf in enumerate(remains.ledger.leaves):
        if leaf.ruling.ruling != LAPSED:
            leaf_at[leaf.ruling.position].append(index)
    dead = {int(record.key.partition(b":")[2]) for record in remains.topics[DEAD_LETTERS]}
    first: dict[str, int] = {}
    for record in remains.topics[SUBMISSIONS]:
        digest = _digest(record.value or b"")
        outcomes = [f"leaf {index}" for index in leaf_at.pop(record.position, [])]
        outcomes += ["dead letter"] if record.position in dead else []
        outcomes += ["tick"] if not record.value else []
        outcomes += ["repeat"] if digest and first.setdefault(digest, record.position) < record.position else []
        if len(outcomes) != 1:
            yield f"position {record.position} has the outcomes {outcomes}"
    if leaf_at:
        yield f"leaves of no submission: {sorted(leaf_at)}"


def versions_run_from_one(remains: Remains) -> Iterator[str]:
    """Of each case and of each referral: its changes, one by one."""
    before: Counter[str] = Counter()
    for index, leaf in enumerate(remains.ledger.leaves):
        ruling, entry = leaf.ruling, read(index, remains.ledger.raw[index])
        if ruling.case_version is None or not entry.case:
            continue
        says = entry.header if entry.recorded and not ruling.irregular else None
        counts = says is not None and (KIND[says.type] is Kind.DECISION or says.id == entry.case)
        moved = counts or ruling.ruling == LAPSED
        expected = before[entry.case] + moved
        if ruling.case_version != expected:
            yield f"index {index}: case version {ruling.case_version}, not {expected}"
        before[entry.case] = ruling.case_version


def checkpoints_only_grow(remains: Remains) -> Iterator[str]:
    """What was shown once is still the beginning of the ledger."""
    roots, edge = [Edge.empty().root()], Edge.empty()
    for raw in remains.ledger.raw:
        edge = edge.append(leaf_hash(raw))
        roots.append(edge.root())
    last = 0
    for one in remains.journal.checkpoints:
        if one.size < last:
            yield f"a checkpoint of {one.size} leaves after one of {last}"
        if one.size >= len(roots) or roots[one.size] != one.root:
            yield f"the ledger does not begin with the checkpoint of {one.size} leaves"
        last = one.size


def inboxes_are_the_ledger(remains: Remains) -> Iterator[str]:
    """Who is named has it, whole, once, in the ledger's order; and what was shown before the end is among it."""
    expected = _expected(remains)
    for agency, items in remains.inboxes.items():
        has = [(item["index"], frozenset(item["parts"]), frozenset(item["erased"])) for item in items]
        if has != expected[agency]:
            wrong = next((pair for pair in zip(has, expected[agency], strict=False) if pair[0] != pair[1]), "the end")
            yield f"the inbox of {agency} has {len(has)} items, not {len(expected[agency])}: {wrong}"
        leaves = {item["index"]: item["leaf"] for item in items}
        for index, leaf in leaves.items():
            if b64u.decode(leaf) != remains.ledger.raw[index]:
                yield f"the inbox of {agency} has another leaf at index {index}"
        for index, leaf in remains.journal.shown.get(agency, {}).items():
            if leaves.get(index) != leaf:
                yield f"the inbox of {agency} no longer has what it showed at index {index}"


def the_ledger_has_no_findings(remains: Remains) -> Iterator[str]:
    """It is verified already, or there would be no remains to look at."""
    for finding in remains.ledger.report.findings:
        yield str(finding)


def _erased(remains: Remains) -> set[str]:
    """The digests of the parts that were ordered to be erased by who sealed them."""
    orders = (read(index, raw) for index, raw in enumerate(remains.ledger.raw))
    return {one for entry in orders if entry.recorded for one in getattr(entry.header, "digests", ())}


def _expected(remains: Remains) -> dict[str, list[tuple[int, frozenset[str], frozenset[str]]]]:
    gone = _erased(remains)
    directory, expected = Directory.of(remains.journal.cast.root), defaultdict[str, list[Any]](list)
    for index, raw in enumerate(remains.ledger.raw):
        entry = read(index, raw)
        for agency in recipients.roles(entry, directory):
            parts = recipients.parts_for(agency, entry)
            erased = frozenset(name for name, digest in parts.items() if digest in gone)
            expected[agency].append((index, frozenset(parts) - erased, erased))
        if entry.statement:
            directory = directory_changes.evolve(directory, entry.statement)
    return expected


def _digest(raw: bytes) -> str:
    """Of the submission in a record; empty if it is none."""
    try:
        return submissions.read(raw).digest
    except Refused:
        return ""
