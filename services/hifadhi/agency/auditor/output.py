"""What the auditor's commands print: answers on stdout, in words or as JSON; progress on stderr, on a terminal only."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from hifadhi.agency.auditor.cross_check import Checked
from hifadhi.errors import HifadhiError, Tampered
from hifadhi.evidence.b64 import encode
from hifadhi.evidence.promise import Promise
from hifadhi.evidence.report import Report
from hifadhi.evidence.story import WAITING, Line
from hifadhi.referral import instant
from hifadhi.referral.directory import Agency
from hifadhi.referral.sayings import listed

TOLD_EVERY: Final = 64
"""Leaves. Telling the bar of each would cost as much as deciding it."""


def say(text: str) -> None:
    """Lines on stdout."""
    sys.stdout.write(text + "\n")


def say_json(document: Mapping[str, object]) -> None:
    """One line of JSON on stdout."""
    say(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def answer(fields: Mapping[str, object], words: str, *, as_json: bool, quiet: bool) -> None:
    """What was found out: one line of JSON, words, or nothing."""
    if as_json:
        say_json(fields)
    elif not quiet:
        say(words)


def say_failure(error: HifadhiError | OSError, *, as_json: bool) -> None:
    """Why it did not succeed: on stdout as JSON, else on stderr."""
    index = error.index if isinstance(error, Tampered) else None
    kind = "tampered" if isinstance(error, Tampered) else "failed"
    if as_json:
        say_json({"verified": False, "problem": kind, "index": index, "why": _printable(str(error))})
        return
    heading = "TAMPERED" if kind == "tampered" else "Not done"
    sys.stderr.write(f"{heading}: {_printable(str(error))}\n")


@contextmanager
def progress(what: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar with the share done and the remaining time; it is told how many of how many are done."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TaskProgressColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=console, disable=quiet or not console.is_terminal, transient=True
    ) as bar:
        task = bar.add_task(what, total=None)

        def told(done: int, of: int) -> None:
            if done % TOLD_EVERY == 0 or done == of:
                bar.update(task, completed=done, total=of)

        yield told


def report_fields(report: Report) -> dict[str, Any]:
    """A report as JSON says it."""
    return {"verified": True, **asdict(report), "root": encode(report.root)}


def report_words(report: Report) -> str:
    """A report in words."""
    irregular = f" ({report.irregular} of them irregular)" if report.irregular else ""
    counts = f"{report.recorded} recorded{irregular}, {report.refused} refused, {report.lapsed} lapsed"
    lines = [
        f"VERIFIED  {report.origin}",
        f"  leaves    {report.leaves}: {counts}",
        *(
            [f"  earlier   the first {report.earlier} were verified before, as the state says"]
            if report.earlier
            else []
        ),
        f"  cases     {report.cases}",
        f"  agencies  {report.agencies}",
        f"  until     {report.last_stored_at or 'no leaf yet'}",
        f"  root      {encode(report.root)}",
        "  checked   the checkpoint's signature; every entry and tile against its root; every signature in every leaf;",
        "            every ruling and the directory, decided again; every lapse, calculated again",
    ]
    findings = [f"  index {f.index}: {f.code} {f.agency} (key {f.kid}): {f.message}" for f in report.findings]
    if findings:
        lines += ["To look at (nothing here contradicts the ledger):", *findings]
    return "\n".join(lines)


def checked_fields(checked: Checked, due_s: int) -> dict[str, Any]:
    """A report with receipts and checkpoints from elsewhere as JSON says it; `due_s` is the root's `max_delay_s`."""
    fields = report_fields(checked.report)
    still_open = [{"id": each.id, "position": each.position, "due": _due(each, due_s)} for each in checked.open]
    return {
        **fields,
        "receipts": {"kept": checked.kept, "open": still_open, "cut_off": checked.cut_off},
        "checkpoints": [{"leaves": other.size, "root": encode(other.root)} for other in checked.agreed],
    }


def checked_words(checked: Checked, due_s: int) -> str:
    """The same in words."""
    lines = [report_words(checked.report)]
    if checked.kept or checked.open:
        lines.append(f"  receipts  {checked.kept} kept, {len(checked.open)} open")
    if checked.cut_off:
        lines.append(f"  cut off   {checked.cut_off} of the files of receipts: half a line at the end, not judged")
    lines += [f"  elsewhere the same tree of {other.size} leaves was shown" for other in checked.agreed]
    if checked.open:
        lines.append("Open: the ledger ends before these. If a later mirror still has no leaf for one, the hub lied:")
        lines += [f"  position {each.position}: message {each.id}, due {_due(each, due_s)}" for each in checked.open]
    return "\n".join(lines)


def _due(promise: Promise, due_s: int) -> str:
    return instant.write(promise.stored_at + 1000 * due_s)


def line_words(line: Line) -> str:
    """One line of a story, and under it how things stand."""
    state = f"referral {line.referral}: {line.state}. " if line.referral else ""
    return f"{line.index:>8}  {line.stored_at}  {line.words}\n{'':10}{state}{standing(line)}"


def standing(line: Line) -> str:
    """Who is responsible, what lies over the case, and what runs."""
    owes = f"Responsible: {line.responsible}." if line.responsible else "The case is closed."
    contested = f" Contested between {listed(line.contested)}." if line.contested else ""
    missing = f" Changed consent not confirmed by {listed(line.unconfirmed)}." if line.unconfirmed else ""
    running = "".join(f" {d.agency} has until {d.due} {WAITING[d.clock]}." for d in line.deadlines)
    return f"{owes}{contested}{missing}{running}"


def agency_words(agency: Agency) -> str:
    """An agency of a story, by name."""
    return f"  {agency.id:<24}  {agency.name} ({agency.country})"


def _printable(text: str) -> str:
    """Without anything that a terminal would obey: file names and servers' words come from outside."""
    return "".join(c if c.isprintable() else "?" for c in text)
