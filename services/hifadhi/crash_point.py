"""Places between two writes at which a process can be made to die as the power goes, to prove that nothing is lost.

`HIFADHI_CRASH_AT` names one of `POINTS`, `HIFADHI_CRASH_AT_VISIT` which visit of it kills (1, the first), and
`HIFADHI_CRASH_BY` how: SIGKILL, or SIGSTOP, as a machine that hangs. Without the first of them, `reach` does nothing.
"""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hifadhi.errors import Fault, Refused

CRASH_AT: Final = "HIFADHI_CRASH_AT"
CRASH_AT_VISIT: Final = "HIFADHI_CRASH_AT_VISIT"
CRASH_BY: Final = "HIFADHI_CRASH_BY"
SIGNALS: Final = {one.name: one for one in (signal.SIGKILL, signal.SIGSTOP)}

# fmt: off
POINTS: Final[Mapping[str, str]] = {
    "gateway: before parts":            "gateway.service._store",
    "gateway: after parts":             "gateway.service._store",
    "gateway: before submissions":      "gateway.service._store",
    "gateway: after submissions":       "gateway.service._store",
    "registry: before commit":          "registry.sealer._committed",
    "registry: in commit":              "registry.sealer._committed",
    "registry: after commit":           "registry.sealer._committed",
    "registry: before tiles":           "registry.tiling.catch_up",
    "registry: in tiles":               "registry.tiling._rise",
    "registry: in checkpoint":          "registry.tiling._rise",
    "registry: after checkpoint":       "registry.tiling.catch_up",
    "registry: before record":          "registry.publisher._append_record",
    "registry: after record":           "registry.publisher._append_record",
    "registry: before directory":       "registry.publisher._publish_statements",
    "registry: after directory":        "registry.publisher._publish_statements",
    "registry: in noted":               "registry.publisher._note",
    "registry: after noted":            "registry.publisher._note",
    "registry: before dead letters":    "registry.publisher._publish_dead",
    "registry: after dead letters":     "registry.publisher._publish_dead",
    "registry: in forgotten dead":      "registry.publisher._publish_dead",
    "registry: after forgotten dead":   "registry.publisher._publish_dead",
    "registry: before progress":        "registry.publisher._publish_progress",
    "registry: after progress":         "registry.publisher._publish_progress",
    "registry: before tick":            "registry.service._tick",
    "registry: after tick":             "registry.service._tick",
    "registry: before refold":          "registry.recovery.recover",
    "registry: after refold":           "registry.recovery.recover",
    "delivery: before parts rows":      "delivery.parts._keep",
    "delivery: in parts rows":          "delivery.parts._keep",
    "delivery: after parts rows":       "delivery.parts._keep",
    "delivery: before inbox rows":      "delivery.follower._deliver",
    "delivery: in inbox rows":          "delivery.follower._deliver",
    "delivery: after inbox rows":       "delivery.follower._deliver",
    "delivery: before fetched rows":    "delivery.handovers.note",
    "delivery: in fetched rows":        "delivery.handovers.note",
    "delivery: after fetched rows":     "delivery.handovers.note",
    "delivery: before deliveries":      "delivery.handovers._publish_page",
    "delivery: after deliveries":       "delivery.handovers._publish_page",
    "delivery: in mark":                "delivery.handovers._publish_page",
    "delivery: after mark":             "delivery.handovers._publish_page",
    "delivery: before tombstones":      "delivery.erasures._append_page",
    "delivery: after tombstones":       "delivery.erasures._append_page",
    "delivery: in told":                "delivery.erasures._append_page",
}
"""Each point and where in `hifadhi.hub` it stands: once, in this function."""
# fmt: on


@dataclass(slots=True)
class _Fuse:
    """The point at which this process dies, and how many visits it has left."""

    point: str | None = None
    visits: int = 0
    by: signal.Signals = signal.SIGKILL


_fuse: Final = _Fuse()


def arm(environment: Mapping[str, str]) -> None:
    """Take the point from the environment; without one, there is none. `Refused` if it is not of `POINTS`."""
    point, visit = environment.get(CRASH_AT) or None, environment.get(CRASH_AT_VISIT) or "1"
    if point is not None and point not in POINTS:
        raise Refused(Fault("SCHEMA", f"/{CRASH_AT.lower()}", "no such point; hifadhi/crash_point.py lists them"))
    if not (visit.isdecimal() and int(visit) > 0):
        raise Refused(Fault("SCHEMA", f"/{CRASH_AT_VISIT.lower()}", "must be a whole number from 1 on"))
    by = environment.get(CRASH_BY) or signal.SIGKILL.name
    if by not in SIGNALS:
        raise Refused(Fault("SCHEMA", f"/{CRASH_BY.lower()}", f"must be one of {', '.join(SIGNALS)}"))
    _fuse.point, _fuse.visits, _fuse.by = point, int(visit), SIGNALS[by]


def reach(point: str) -> None:
    """Die here, if this is the visit that was asked for."""
    if _fuse.point != point:
        return
    _fuse.visits -= 1
    if _fuse.visits == 0:
        os.kill(os.getpid(), _fuse.by)
