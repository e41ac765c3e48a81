"""The scenarios of the domain page, whole, on the embedded exchange: each ends with a verified ledger.

What happens stands in `hifadhi/demo/scenarios/`, in words that a practitioner can read. Here is what must be true of
the ledger that they leave: it verifies, somebody always owes protection, and no header says anything of the person.
"""

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from hifadhi.agency.auditor.archive import Archive
from hifadhi.demo.run import play
from hifadhi.demo.scenarios import SCENARIOS
from hifadhi.demo.stage import Clock, embedded
from hifadhi.evidence import b64u
from hifadhi.evidence.audit import Audit
from hifadhi.evidence.report import Verified
from hifadhi.referral import root as roots
from hifadhi.referral.case import Case
from hifadhi.referral.codes import LISTS
from hifadhi.referral.table import State

# What a header may say of a request, and how a message could not be used; all else that is coded is sealed.
SAID_ALOUD = {"SCHEMA", "UNOPENABLE", "COMMITMENT", "CONSENT"}


# How the request for responsibility ended, and who owes protection then; the last of S8 is a closed duplicate.
ENDS: dict[str, tuple[State | None, str | None]] = {
    "S1": (State.ARRIVED, None),
    "S2": (State.WITHDRAWN, "MW-DOR"),
    "S4": (State.DECLINED_FINAL, "MZ-INAR"),
    "S5": (State.DECLINED_FINAL, "ZM-COR"),
    "S6": (State.ACCEPTED, "MZ-INAR"),
    "S8": (None, None),
}


@pytest.mark.parametrize("name", sorted(SCENARIOS))
async def test_a_scenario_leaves_a_ledger_that_stands(name: str, tmp_path: Path) -> None:
    clock = Clock()
    run = partial(embedded, port=0, tell=lambda _: None, clock=clock)
    await play(tmp_path, run, [name], keep=False, clock=clock)
    leaves = verified(tmp_path)
    somebody_always_owes_protection(leaves)
    no_header_says_anything_of_the_person(leaves)
    cases = {leaf.case.id: leaf.case for leaf in leaves if leaf.case}
    assert ENDS[name] in {(_ended(case), case.owed_by) for case in cases.values()}


def verified(folder: Path) -> list[Verified]:
    found: list[Verified] = []
    root = roots.parse((folder / "exchange" / "root.json").read_bytes())
    Audit(Archive(folder / "mirror"), root).run(found.append)
    return found


def somebody_always_owes_protection(leaves: list[Verified]) -> None:
    for leaf in leaves:
        if leaf.case:
            assert leaf.case.owed_by or leaf.case.is_closed
            assert sum(referral.is_live for referral in leaf.case.referrals.values()) <= 1


def no_header_says_anything_of_the_person(leaves: list[Verified]) -> None:
    profile = {code for name, listed in LISTS.items() if name != "legal-bases" for code in listed.labels}
    for header in _headers(leaves):
        told = set(re.findall(r'"([A-Z][A-Z0-9_-]*)"', json.dumps(header)))
        if header["type"] not in {"arrangement.published", "declaration.published"}:  # of no person at all
            assert not told & (profile - SAID_ALOUD)


def _headers(leaves: list[Verified]) -> Iterator[dict[str, object]]:
    for leaf in leaves:
        if leaf.leaf.envelope:
            yield json.loads(b64u.decode(json.loads(leaf.leaf.envelope)["payload"]))


def _ended(case: Case) -> State | None:
    asked = [one.state for one in case.referrals.values() if one.kind == "responsibility"]
    return asked[-1] if asked else None
