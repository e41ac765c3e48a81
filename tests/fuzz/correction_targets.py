"""What corrects a message whose parts lie open, place by place."""

import json
from collections.abc import Mapping
from typing import Any, Final

from fuzz.opened_targets import COUNTRIES, STATES, object_of, read
from fuzz.target import Target
from hifadhi.evidence import plaintext, strict_json
from hifadhi.referral import edge, parts
from hifadhi.referral.corrections import MISFIT, Bodies, Change, correct
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.part_names import PARTS
from schema_examples import accepted_body

ENCOUNTER: Final = "encounter.reported"
CORRECTS: Final = "data.corrected"


def correction(raw: bytes) -> None:
    """The bodies of a message that corrects an encounter: all of it applies, or nothing, and what was sealed stays."""
    one = read(CORRECTS, object_of(strict_json.parse(raw)))
    edge.check_body(CORRECTS, _opened(one))
    done = correct(ENCOUNTER, _ENCOUNTER, [one], _check)
    (changes,) = done.changes
    assert {name: parts.as_json(body) for name, body in _ENCOUNTER.items()} == _SEALED
    if any(change.fault and change.fault.code == MISFIT for change in changes):
        assert done.bodies == _ENCOUNTER
        return
    _check(done.bodies)
    if len(changes) == 1 and not changes[0].fault:
        assert _is_as_said(changes[0])


def _check(corrected: Bodies) -> None:
    edge.check_body(ENCOUNTER, _opened(corrected))


def _opened(bodies: Bodies) -> Opened:
    return Opened("MZ-INAR", dict.fromkeys(bodies, STATES), bodies, COUNTRIES)


def _is_as_said(change: Change) -> bool:
    value = change.correction.value
    return change.after == value or (type(change.after) is bool and json.dumps(change.after) == value)


def _corrections(**of: Mapping[str, str | None]) -> bytes:
    """By part, what should stand at each pointer; None for nothing."""
    return strict_json.dump({part: {"corrections": _listed(of.get(part, {}))} for part in PARTS[CORRECTS]})


def _listed(of: Mapping[str, str | None]) -> list[dict[str, Any]]:
    why = {"reason": {"text": "Read wrongly.", "language": "eng"}}
    return [{"pointer": pointer, **why, **({} if value is None else {"value": value})} for pointer, value in of.items()]


_SEALED: Final = {
    name: accepted_body(f"{ENCOUNTER}.{name}/1", "girl-found-stranded") for name in ("content", "sensitive")
}
_ENCOUNTER: Final = read(ENCOUNTER, _SEALED)
_CORRECTIONS: Final = (
    _corrections(content={"/person/birth/date": "2010-05-01", "/person/birth/precision": "DAY"}),
    _corrections(content={"/person/name/other/0": None}, sensitive={"/profiles/2/profile": "STATELESS_RISK"}),
    _corrections(sensitive={"/asylum_requested": "false", "/feared_countries/1": "ETH"}),
    _corrections(content={"/person_informed": None, "/place/post": "TZ-KILAMBO"}),
    _corrections(content={"/person/stateless": "true"}),
)

TARGETS: Final = (Target("correction", correction, _CORRECTIONS, plaintext.MAX_PLAINTEXT),)
