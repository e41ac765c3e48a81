"""Random histories through the whole exchange: what the pure rules say of them is what it rules, seals and shows.

The same histories as of the invariants (`unit/referral/test_invariants.py`), played by dice with a fixed seed: first on
the rules alone, then posted to a running exchange whose clock moves as theirs did.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cast import Body, Player, now_ms
from hifadhi.errors import Refused
from hifadhi.evidence import strict_json
from hifadhi.referral import admission
from hifadhi.referral import root as roots
from hifadhi.referral.header import Header
from hifadhi.referral.verdict import Verdict
from hifadhi.wiring import Exchange
from hub_client import HubClient
from hub_ledger import audit
from time_machine import CastInTime, Clock
from unit.referral import exchange as pure
from unit.referral.test_invariants import Histories

STEPS = 60
# A day or weeks: how long the posts themselves take is nothing beside them.
WAITS = (pure.DAY, 3 * pure.DAY, 8 * pure.DAY, 22 * pure.DAY)


@dataclass
class Said:
    """A message after so many milliseconds, and what the rules say of it."""

    after_ms: int
    header: Header
    verdict: Verdict


@dataclass
class Played:
    said: list[Said] = field(default_factory=list)
    waited: int = 0


class Recorded(Histories):
    """The machine, which notes what it was told and what it waited."""

    def __init__(self) -> None:
        super().__init__()
        self.played = Played()

    def post(self, said: Header) -> None:
        self.ledger.wait(1)  # as between any two posts
        try:
            admission.check_standing(said, self.ledger.directory)
        except Refused:
            return
        super().post(said)
        verdict = self.ledger.leaves[-1].verdict
        assert verdict
        self.played.said.append(Said(self.played.waited, said, verdict))
        self.played.waited = 0

    def pass_time(self, milliseconds: int) -> None:
        self.played.waited += milliseconds
        self.ledger.wait(milliseconds)


def played(seed: int) -> Recorded:
    """A history by dice."""
    dice, machine = random.Random(seed), Recorded()  # noqa: S311 (no secret)
    machine.two_cases_are_open()
    for _ in range(STEPS):
        dice.choice(_steps(machine, dice))()
    return machine


def _steps(machine: Recorded, dice: random.Random) -> list[Callable[[], object]]:
    pick, state = dice.randrange(1_000), dice.choice(pure.STATES)
    asks = {"kind": "responsibility", "urgency": dice.choice(["standard", "urgent"]), "new": True, "drift": 0}
    steps: list[Callable[[], object]] = [
        lambda: machine.pass_time(dice.choice(WAITS)),
        lambda: machine.meet(state, {pure.UNHCR}, dice.random() < 0.2, pick),
        lambda: machine.request(pick, state, wild=False, **asks),
        lambda: machine.request(pick, state, wild=True, **asks),
        lambda: machine.change_consent(pick, pick // 7),
        lambda: machine.close_or_reopen(pick, dice.choice(["case.closed", "case.reopened"]), 0, wild=False),
        lambda: machine.assume(pick, state, told=True),
        lambda: machine.link(pick, pick // 3, wild=False, answer="yes"),
    ]
    if machine.referrals():
        choices = [dice.randrange(6) for _ in range(7)]
        steps += [lambda: machine.go_on(pick, choices, 0)] * 4
        steps += [lambda: machine.dispute(pick, by_receiver=pick % 2 == 0, drift=0)]
        steps += [lambda: machine.accept_whom_the_receiver_has_met(pick, wild=False, drift=0)]
    if machine.of_type("consent.changed"):
        steps.append(lambda: machine.restrict(pick, everybody=True, agency=state))
    if machine.planned():
        kind = dice.choice(["departure.confirmed", "arrival.confirmed", "non_arrival.reported"])
        steps.append(lambda: machine.out_of_order(pick, kind, -1, elsewhere=False))
    return steps


class HistoryCast(CastInTime):
    """The agencies of the pure exchange, with their keys."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        super().__init__(folder, clock)
        self.governance, self.ledger, self.gateway = pure.GOVERNORS, pure.HUB_LEDGER, pure.HUB_GATEWAY
        self.players = {
            agency: Player(agency, pure.IDENTITY[agency], pure.SIGN[agency], pure.READ[agency]) for agency in pure.ROLES
        }
        (folder / "root.json").write_bytes(strict_json.dump(pure.root_document()))
        for name, key in (("ledger", self.ledger), ("gateway", self.gateway)):
            (folder / f"{name}.jwk").write_bytes(strict_json.dump(key.as_dict()))
        self.root = roots.parse((folder / "root.json").read_bytes())

    def admissions(self) -> list[list[Body]]:
        countersign = {agency: pure.COUNTERSIGN[agency] for agency in pure.STATES}
        admitted = [self.signed(pure.admitted(agency), self.governance[:2]) for agency in pure.ROLES]
        keys = [
            self.signed(pure.key_added(agency, use, key), [pure.IDENTITY[agency]])
            for use, of in (("sign", pure.SIGN), ("read", pure.READ), ("countersign", countersign))
            for agency, key in of.items()
        ]
        return [admitted, keys]

    def body(self, header: Header) -> Body:
        """A header as it is posted; its parts are empty strings, whose digest it names."""
        said = header.model_dump(mode="json", by_alias=True, exclude_none=True)
        signers = [pure.SIGN[header.sender]]
        if header.type == "departure.confirmed":
            signers.append(pure.COUNTERSIGN[header.sender])
        if header.type == "dispute.resolved":
            signers.append(pure.SIGN[header.addressees[0]])
        return self.signed(said, signers, {part.name: "" for part in header.part_entries})


@pytest.mark.parametrize("seed", [4, 11, 23])
async def test_what_the_rules_say_of_a_history_is_what_the_exchange_makes_of_it(seed: int, tmp_path: Path) -> None:
    machine, clock = played(seed), Clock()
    clock.wait(milliseconds=pure.NOW - now_ms())
    cast = HistoryCast(tmp_path / "exchange", clock)
    async with Exchange(cast.settings(), clock_ms=clock) as running, HubClient(cast, running.base_url) as client:
        await client.admit_everybody()
        for one in machine.played.said:
            clock.wait(milliseconds=one.after_ms)
            ruling = await client.sealed(cast.body(one.header))
            told = (ruling["ruling"], ruling.get("code"))
            assert told == ("refused" if one.verdict.code else "recorded", one.verdict.code), one.header
        for case in machine.ledger.cases.values():
            assert await shown(client, case.id, case.responsible) == {
                "version": case.version,
                "responsible": case.owed_by,
                "parties": sorted(case.parties),
                "referrals": [(one.id, one.state.value, one.version) for one in case.referrals.values()],
            }
        await audit(client, pure.WATCH)


async def shown(client: HubClient, case: str, reader: str) -> dict[str, Any]:
    seen = (await client.get(f"/v1/cases/{case}", reader)).body
    states = [(one["id"], one["state"], one["version"]) for one in seen["referrals"]]
    return {**{name: seen[name] for name in ("version", "responsible", "parties")}, "referrals": states}
