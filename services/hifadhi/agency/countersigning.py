"""The second signature: look at what another has signed, and sign it too, each with a key that never leaves its home.

Rules, and what each stops:

1. The sender's signature holds, by the verified directory, over parts that are these: a file altered on its way.
2. The key is one that this type asks for, of this agency: a signature that the gateway would refuse.
3. What this agency may read opens, and breaks no rule of the edge: a blank cheque.
4. The case still stands as the sender saw it; an arrangement fits the directory: a settlement that comes too late.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hifadhi.agency.client import Client
from hifadhi.agency.composing.signed_file import SignedFile
from hifadhi.agency.receiving.case_history import Said
from hifadhi.agency.receiving.opening import broken_rules, open_parts
from hifadhi.errors import Fault, Refused
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.referral import admission
from hifadhi.referral.closed import Closed
from hifadhi.referral.directory import Directory
from hifadhi.referral.directory_changes import objection
from hifadhi.referral.header import Header
from hifadhi.referral.statements import STATEMENTS


@dataclass(frozen=True, slots=True)
class Examined:
    """A file that may be signed by `agency`: by key `kid`, once somebody has read what it says."""

    file: SignedFile
    bodies: Mapping[str, Closed]
    agency: str
    kid: str


async def examine(client: Client, file: SignedFile, key: PrivateJwk) -> Examined:
    """The file, looked at by whoever is to sign it with `key`.

    Refused: what the first signature, the parts or the rules of the edge have against it; KEY_UNKNOWN, KEY_NOT_VALID,
    SENDER_MISMATCH by rule 2; STALE_STATE, NOT_ALLOWED_NOW by rule 4.
    """
    await client.refresh_directory()
    file.check_first_signature(client.directory)  # rule 1
    admission.check_standing(file.header, client.directory)
    _check_second(file.header, key, client.directory)  # rule 2
    bodies = await _opened(client, file)  # rule 3
    await _check_standing(client, file.header)  # rule 4
    return Examined(file, bodies, client.agency, key.kid)


def _check_second(header: Header, key: PrivateJwk, directory: Directory) -> None:
    second, known = admission.second_signer(header), directory.keys.get(key.kid)
    if known is None or second is None:
        raise Refused(Fault("KEY_UNKNOWN", "", "the directory does not know this key; have it added first"))
    agency, use = second
    if known.agency != agency:
        says = f"{agency} signs this second; the key given is one of {known.agency}"
        raise Refused(Fault("SENDER_MISMATCH", "", says))
    if known.revoked or known.use != use:
        raise Refused(Fault("KEY_NOT_VALID", "", f"it is signed with a key for '{use}' that was not revoked"))


async def _opened(client: Client, file: SignedFile) -> dict[str, Closed]:
    ours = [entry for entry in file.header.part_entries if client.agency in entry.readers]
    bodies, problems, _ = open_parts(file.header, ours, file.parts, client.keyring)
    past = await client.inbox.history.past(Said.of(file.header))
    problems += broken_rules(file.header, bodies, client.directory, past)
    if problems:
        raise Refused(*problems)
    return bodies


async def _check_standing(client: Client, header: Header) -> None:
    seen = getattr(header, "seen", None)
    if header.type in STATEMENTS and (code := objection(client.directory, header)):
        raise Refused(Fault(code, "", "this does not fit the directory as it stands; see `hifadhi directory show`"))
    if seen is None:
        return
    version = (await client.case(header.about))["version"]
    if seen != version:
        says = f"the case has moved on, to version {version}; have the message made anew on what is so now"
        raise Refused(Fault("STALE_STATE", "/seen", says))
