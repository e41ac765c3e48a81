"""How the demo speaks: headings, sentences, and the evidence under each step."""

import sys

from hifadhi.agency.receiving.opening import Item
from hifadhi.agency.sending.sent import Sent


def heading(text: str) -> None:
    """A chapter."""
    sys.stdout.write(f"\n{text}\n{'-' * len(text)}\n")


def say(text: str) -> None:
    """A sentence."""
    sys.stdout.write(f"{text}\n")


def evidence(sent: Sent) -> None:
    """What proves a step: the receipt that the hub signed, and the leaf in which it was ruled."""
    if sent.receipt is None or sent.ruling is None:
        return
    ruled = f"{sent.ruling.ruling} {sent.ruling.code or ''}".strip()
    sys.stdout.write(
        f"    evidence: receipt for {sent.receipt.digest[:12]}… stored at {sent.receipt.stored_at}; "
        f"leaf {sent.ruling.index}: {ruled}\n"
    )


def opened(agency: str, items: list[Item]) -> None:
    """What an agency took from its inbox: every leaf proven against the signed tree, every part opened and checked."""
    for item in items:
        if not item.bodies:  # the directory's statements about its own keys
            continue
        what = item.header.type if item.header else f"lapse of the {item.leaf.ruling.clock} clock"
        parts = ", ".join(item.bodies)
        sys.stdout.write(f"    {agency} took leaf {item.index}, {what}: inclusion proven; opened {parts}\n")
