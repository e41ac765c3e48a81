"""What an agency's system answers by itself: taken, or why not (`domain.md` §3). A person decides everything else."""

from hifadhi.agency.composing.compose import Draft
from hifadhi.agency.receiving.opening import Item
from hifadhi.referral.faults import MOST_FAULTS
from hifadhi.referral.headers import MessageBounced, ReferralRequested


def automatic_answer(item: Item, agency: str, *, is_state: bool = True) -> Draft | None:
    """`message.bounced` to what is addressed to us and does not hold; `referral.received` to a request that does.

    None to all else: nobody bounces a bounce, and what we only read is for its addressees to bounce. An observer that
    is copied in (`is_state`: it is none) is not asked, so it takes nothing.
    """
    header = item.header
    if header is None or not item.is_recorded or agency not in header.addressees:
        return None
    if item.bounces and not isinstance(header, MessageBounced):
        return _bounced(item, header.sender, header.about, header.id)
    if isinstance(header, ReferralRequested) and is_state and not item.bounces:
        facts = {"case": header.case, "referral": header.id, "to": [header.sender]}
        return Draft.of("referral.received", facts, {})
    return None


def _bounced(item: Item, to: str, case: str, message_id: str) -> Draft:
    errors = [{"pointer": fault.pointer, "code": fault.code} for fault in item.problems[:MOST_FAULTS]]
    facts = {"case": case, "in_reply_to": message_id, "to": [to], "reason": item.bounces}
    return Draft.of("message.bounced", facts, {"content": {"errors": errors}})
