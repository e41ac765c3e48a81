"""Lies that no ledger shows by itself, each leaf of it as the rules give it: its files, or those of a dossier."""

from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519, ES256, P256
from hifadhi.evidence.leaf import Leaf
from hifadhi.referral import instant
from liars.liar import Files, Liar, Stored


def withhold_a_message(liar: Liar) -> Files:
    """It got a receipt and no leaf; the rest is ruled as if it had never been sent."""
    return liar.sealed(liar.without(liar.at("unrelated")))


def withhold_the_newest_message(liar: Liar) -> Files:
    return liar.sealed(liar.leaves[: liar.at("last")])


def reorder_by_ruling_in_another_order(liar: Liar) -> Files:
    """Two messages of one agency change their positions before anything is ruled."""
    first, second = liar.at("unrelated"), liar.at("last")
    places = {liar.leaves[first].ruling.position: second, liar.leaves[second].ruling.position: first}
    stored = [
        Stored(one.position, one.time_ms, liar.leaves[places[one.position]].envelope) if one.position in places else one
        for one in liar.submissions()
    ]
    return liar.sealed(liar.ruled(stored))


def backdate_within_what_the_neighbours_allow(liar: Liar) -> Files:
    """The last message, to the instant of the one before."""
    return liar.sealed(_backdated(liar))


def postdate_a_message(liar: Liar) -> Files:
    """Stored later than it was, so that it comes too late for a deadline."""
    at = liar.at("last")
    later = instant.write(instant.parse(liar.leaves[at].ruling.stored_at) + 3_600_000)
    return liar.sealed(liar.with_ruling(at, stored_at=later))


def fork_of_the_same_size(liar: Liar) -> Files:
    """One is shown a ledger without one message and with another; others have seen the true one."""
    return liar.sealed(_backdated(liar))


def fork_that_an_older_checkpoint_shows(liar: Liar) -> Files:
    """Rewritten where the tree had been shown already."""
    return liar.sealed(liar.with_ruling(liar.at("stale"), ruling="recorded", code=None))


def fork_that_has_grown(liar: Liar) -> Files:
    """Rewritten at the last index, and grown since."""
    return liar.sealed([*_backdated(liar), liar.leaves[liar.at("last")]])


def _backdated(liar: Liar) -> list[Leaf]:
    at = liar.at("last")
    return liar.with_ruling(at, stored_at=liar.leaves[at - 1].ruling.stored_at)


def fork_for_a_judge(liar: Liar) -> Files:
    """A dossier out of a second tree, with a wrong ruling in it."""
    at = liar.at("accepted")
    return liar.dossier_of(liar.with_ruling(at, responsible="ZA-DHA"), at)


def forge_a_message_for_a_judge(liar: Liar) -> Files:
    """In a tree of its own, proved by the true ledger key: the sender's key did not sign it."""
    at = liar.at("accepted")
    named = liar.envelope(at).signatures[0]
    stranger = PrivateJwk.generate(P256 if named.alg == ES256 else ED25519)
    raw = liar.signed(liar.said(at), stranger, as_kid=named.kid)
    return liar.dossier_of(liar.with_envelope(at, raw), at)


def answer_for_another_agency_before_a_judge(liar: Liar) -> Files:
    at = liar.at("accepted")
    raw = liar.signed(liar.said(at), liar.honest.keyrings["TZ-RSD"].sign)
    return liar.dossier_of(liar.with_envelope(at, raw), at)


def swap_a_key_for_a_judge(liar: Liar) -> Files:
    """With a statement of the hub's making, in a tree made for the purpose."""
    at = statement(liar)
    swapped = liar.with_envelope(at, liar.signed(liar.said(at), PrivateJwk.generate(ED25519)))
    return liar.dossier_of(swapped, liar.at("accepted"))


def statement(liar: Liar) -> int:
    """The index of a statement by which a key was added."""
    return int(strict_json.parse(liar.honest.directory_page)["data"][1]["index"])
