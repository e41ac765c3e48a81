"""New keys for an agency, in a home of their own, while its programs go on with the old one.

One key has one writer, so no program ever changes its key: it ends, and another starts with the new home. In this
order, and what holds if we crash there, after which the same command goes on:

1. The new home gets new keys, and those that open what was sealed before; `agency.json` last. The old one gets the new
   reading keys: from the next step on others seal to them, and its programs go on receiving. Nothing is known of them.
2. They are added to the directory by the identity key. Both homes may send and receive.
3. What the old home has taken and answered is noted in the new one: it is not handed over a second time.
4. The identity key goes over, with the journal that counts its statements.

Once the programs of the old home have ended, the same command again notes what they have taken since (step 3). Then
they start with the new one, and the old signing key is revoked; its reading keys are only when nothing that was sealed
to them is still on its way.
"""

from collections.abc import Iterable
from pathlib import Path

from hifadhi.agency import durable_file
from hifadhi.agency.directory.directory_office import DirectoryOffice
from hifadhi.agency.home.journal import Journal
from hifadhi.agency.home.keyring import COUNTERSIGN, IDENTITY, READ, SIGN, Keyring, create_key, kinds_of
from hifadhi.errors import Fault, Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk

IDENTITY_JOURNAL = "identity-journal.json"


async def renew(old: Keyring, new: Path, office: DirectoryOffice, *, signing: str, reading: str) -> Keyring:
    """The keyring of the new home, its keys in the directory. Refused: EXISTS, NOT_FOUND; what the office refuses."""
    made = _created(old, new, signing, reading)
    _copy([key for key in made.read if key not in old.read], old.home)
    identity_home = old.home if (old.home / f"{IDENTITY}.jwk").exists() else new
    identity = Keyring.load(identity_home).identity
    for use, key in ((SIGN, made.sign), *((READ, key) for key in reversed(made.read))):
        await office.add_own(old.agency, use, key.public, identity, Journal(identity_home / IDENTITY_JOURNAL))
    taken = Journal(old.home / "journal.json").reload()
    async with (journal := Journal(new / "journal.json")).turn():
        journal.answered(taken.answered)
        journal.taken(taken.cursor)
    _move(old.home, new)
    return made


def _created(old: Keyring, new: Path, signing: str, reading: str) -> Keyring:
    """Step 1. A home that was begun is made to its end."""
    if (new / "agency.json").exists():
        return _same_agency(Keyring.load(new), old)
    new.mkdir(parents=True, exist_ok=True, mode=0o700)
    sign, read = kinds_of(signing, reading)
    for name, kind in ((SIGN, sign), (READ, read[0]), *((f"{READ}-{kind}", kind) for kind in read[1:])):
        if not (new / f"{name}.jwk").exists():
            create_key(new / f"{name}.jwk", kind)
    _copy(old.read, new)
    if (second := old.home / f"{COUNTERSIGN}.jwk").exists():
        durable_file.replace(new / second.name, durable_file.read(second))
    durable_file.create(new / "agency.json", strict_json.dump({"agency": old.agency}))
    return Keyring.load(new)


def _copy(keys: Iterable[PrivateJwk], to: Path) -> None:
    """Behind the reading keys that a home has itself, these of the other one."""
    for key in keys:
        durable_file.replace(to / f"{READ}-0-{key.kid}.jwk", strict_json.dump(key.as_dict()))


def _same_agency(made: Keyring, old: Keyring) -> Keyring:
    if made.agency != old.agency or made.sign.kid == old.sign.kid:
        raise Refused(Fault("EXISTS", "", "the new home is another agency's, or the same one; name a new folder"))
    return made


def _move(old: Path, new: Path) -> None:
    """Step 4: the journal first, or the identity key would count its statements from the start again."""
    for name in (IDENTITY_JOURNAL, f"{IDENTITY}.jwk"):
        if (old / name).exists():
            durable_file.replace(new / name, durable_file.read(old / name))
    (old / f"{IDENTITY}.jwk").unlink(missing_ok=True)
