"""Whether the machinery runs, in sentences. Pure."""

from collections.abc import Mapping

from hifadhi.hub.console.unsealed import Unsealed


def troubles(
    max_delay_s: int, waiting: Unsealed | None, stopped: Mapping[str, str], *, followed: int, now_ms: int
) -> list[str]:
    """What is wrong; nothing if all is well. `stopped`: why, by topic; `followed`: leaves that these pages know."""
    found = [f"These pages no longer follow the topic '{topic}': {why}." for topic, why in stopped.items()]
    if waiting is None:
        return [*found, "The stream does not say how far the registry is."]
    late_ms = now_ms - waiting.since_ms - max_delay_s * 1000 if waiting.since_ms is not None else 0
    if late_ms > 0:
        found.append(f"The registry is late: it promises a leaf within {max_delay_s} s of a receipt.")
    if waiting.size > followed and "record" not in stopped:
        found.append(f"These pages are {waiting.size - followed} entries behind the ledger.")
    return found
