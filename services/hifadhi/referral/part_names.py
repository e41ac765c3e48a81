"""The fixed parts of each message type, in their order (`domain.md` §3). The hub knows their names and digests only."""

from collections.abc import Mapping

PARTS: Mapping[str, tuple[str, ...]] = {
    "encounter.reported": ("content", "sensitive", "movement", "statistics"),
    "referral.requested": ("content", "sensitive", "statistics"),
    "referral.received": (),
    "referral.accepted": ("content",),
    "referral.declined": ("content", "movement", "statistics"),
    "reexamination.requested": ("content", "sensitive"),
    "referral.withdrawn": ("content",),
    "message.bounced": ("content",),
}
