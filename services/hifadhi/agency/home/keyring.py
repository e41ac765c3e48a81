"""An agency's private keys in a folder, each a JWK file that only its owner may read.

`agency.json` has the agency's id; `identity.jwk`, `sign.jwk`, `countersign.jwk`, `read.jwk` its keys. The second
officer's, `countersign.jwk`, belongs elsewhere: two keys in one folder are not four eyes. Further reading keys,
`read-*.jwk`, open what was sealed to them: with an HPKE-9-KE key, one on P-256 for parts that somebody reads who has
none. `journal.json` counts the signing key's messages, `identity-journal.json` the identity key's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from hifadhi.agency import durable_file
from hifadhi.errors import Fault, Refused
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.key_kinds import ED25519, HPKE_9_KE, KINDS, P256, X25519

IDENTITY: Final = "identity"
SIGN: Final = "sign"
COUNTERSIGN: Final = "countersign"
READ: Final = "read"
SIGNING: Final[Mapping[str, str]] = {KINDS[kind].alg: kind for kind in (ED25519, P256)}
"""What an agency may sign with, and the kind of key that does."""
READING: Final[Mapping[str, tuple[str, ...]]] = {
    P256: (P256,),
    X25519: (X25519,),
    HPKE_9_KE: (HPKE_9_KE, P256),
}
"""What it may be sealed to, and the kinds of key for that, the first of them for `read.jwk`."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys of one agency; `read` has the newest reading key first."""

    home: Path
    agency: str
    sign: PrivateJwk
    read: tuple[PrivateJwk, ...]

    @classmethod
    def create(
        cls,
        home: Path,
        agency: str,
        *,
        signing: str = ED25519,
        reading: str = P256,
        countersign: Path | None = None,
    ) -> Self:
        """A new keyring in a new or empty folder, its keys of these kinds (`SIGNING`, `READING`). Refused: EXISTS.

        `countersign`: the folder of the second officer's key.
        """
        folders = {COUNTERSIGN: countersign or home}
        for folder in (home, *folders.values()):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        sign, (first, *further) = kinds_of(signing, reading)
        for use in (IDENTITY, SIGN, COUNTERSIGN):
            create_key(folders.get(use, home) / f"{use}.jwk", sign)
        create_key(home / f"{READ}.jwk", first)
        for kind in further:
            create_key(home / f"{READ}-{kind}.jwk", kind)
        durable_file.create(home / "agency.json", strict_json.dump({"agency": agency}))
        return cls.load(home)

    @classmethod
    def load(cls, home: Path) -> Self:
        """The keyring in a folder. Refused: NOT_FOUND, and what is wrong in a key file."""
        said = strict_json.members(strict_json.parse(durable_file.read(home / "agency.json")), ("agency",))
        further = sorted(home.glob("read-*.jwk"), reverse=True)
        read = tuple(read_key(path) for path in (home / "read.jwk", *further))
        return cls(home, str(said["agency"]), read_key(home / "sign.jwk"), read)

    @property
    def identity(self) -> PrivateJwk:
        """The identity key, read when it is asked for: an agency may keep it elsewhere from day to day."""
        return read_key(self.home / "identity.jwk")

    @property
    def countersign(self) -> PrivateJwk:
        """The second officer's key, read when it is asked for. Refused: NOT_FOUND, where it is kept apart."""
        path = self.home / "countersign.jwk"
        if not path.exists():
            says = "the second officer's key is not in this home: give it, or send --for-signature and countersign"
            raise Refused(Fault("NOT_FOUND", "", says))
        return read_key(path)


def kinds_of(signing: str, reading: str) -> tuple[str, tuple[str, ...]]:
    """The kinds of key that an agency signs with, and is sealed to, the newest first. See `SIGNING`, `READING`."""
    return SIGNING[signing], READING[reading]


def create_key(path: Path, kind: str) -> PrivateJwk:
    """A new private key of a kind of `key_kinds.py`, in a file with mode 0600. Refused: EXISTS."""
    key = PrivateJwk.generate(kind)
    durable_file.create(path, strict_json.dump(key.as_dict()))
    return key


def read_key(path: Path) -> PrivateJwk:
    """The private key in a file. Refused: NOT_FOUND, PERMISSIONS if others may read it, and what is wrong in it."""
    raw = durable_file.read(path)
    if path.stat().st_mode & 0o077:
        raise Refused(Fault("PERMISSIONS", "", f"{path.name} may be read by others; set its mode to 0600"))
    return PrivateJwk.parse(strict_json.parse(raw))
