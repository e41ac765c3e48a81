"""The request with which an agency asks to be let in: who it is, its identity key, and its first keys, already signed.

One JSON file: `agency`, `name`, `country`, `roles`, `utc_offset`, `identity` (JWK), and `keys`, the `key.added` and
`reading_key.added` statements of its other keys as they will be posted. It holds nothing secret; governance compares
the identity key's kid by another way.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from hifadhi.agency import durable_file
from hifadhi.agency.composing.compose import Message, Sealed, statement
from hifadhi.agency.home.journal import Journal
from hifadhi.agency.home.keyring import COUNTERSIGN, READ, SIGN, Keyring, read_key
from hifadhi.errors import Fault, Refused
from hifadhi.evidence import jws, strict_json
from hifadhi.evidence.jwk import Jwk
from hifadhi.evidence.key_kinds import ED25519, P256
from hifadhi.referral import message
from hifadhi.referral.directory_changes import jwk_of
from hifadhi.referral.header import Header
from hifadhi.referral.statements import KeyAdded, ReadingKeyAdded

MAX_REQUEST: Final = 64 * 1024
MOST_KEYS: Final = 8
FACTS: Final = ("agency", "name", "country", "roles", "utc_offset", "identity")


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A request that holds together: its facts fit the statement, its keys are signed by its identity key."""

    facts: dict[str, Any]
    keys: tuple[Message, ...]

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """The request in a file's bytes. Refused, with what is wrong in it."""
        if len(raw) > MAX_REQUEST:
            raise Refused(Fault("TOO_LARGE", "", f"a request has at most {MAX_REQUEST} bytes"))
        members = strict_json.members(strict_json.parse(raw), (*FACTS, "keys"))
        facts, keys = {name: members[name] for name in FACTS}, members["keys"]
        if not isinstance(keys, list) or len(keys) > MOST_KEYS:
            raise Refused(Fault("SCHEMA", "/keys", f"must be a list of at most {MOST_KEYS} statements"))
        _check_facts(facts)
        identity = Jwk.parse(facts["identity"], pointer="/identity")
        return cls(facts, tuple(_key(each, f"/keys/{i}", facts["agency"], identity) for i, each in enumerate(keys)))

    @property
    def agency(self) -> str:
        """Who asks."""
        return str(self.facts["agency"])

    @property
    def identity(self) -> Jwk:
        """The key that adds the agency's others."""
        return Jwk.parse(self.facts["identity"])


def new_agency(  # noqa: PLR0913 (a fact each)
    home: Path,
    agency: str,
    *,
    name: str,
    country: str,
    roles: Sequence[str],
    utc_offset: str,
    signing: str = ED25519,
    reading: str = P256,
    countersign: Path | None = None,
) -> Keyring:
    """A new keyring in `home`, and the request to post it in with, `request.json`. Refused: EXISTS, SCHEMA.

    `signing` and `reading`: of which kinds its keys are, see `keyring.py`. `countersign`: the folder that the second
    officer's key goes into instead.
    """
    facts = {"agency": agency, "name": name, "country": country, "roles": list(roles), "utc_offset": utc_offset}
    # A public key stands in, so that nothing is written for facts that the exchange would refuse.
    stand_in = {"crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}  # RFC 8037 A.2
    _check_facts({**facts, "identity": stand_in})
    keyring = Keyring.create(home, agency, signing=signing, reading=reading, countersign=countersign)
    identity, now_ms = keyring.identity, time.time_ns() // 1_000_000
    second = read_key((countersign or home) / f"{COUNTERSIGN}.jwk").public
    own = [(SIGN, keyring.sign.public), (COUNTERSIGN, second)]
    # The newest reading key is the last to be added.
    own += [(READ, key.public) for key in reversed(keyring.read)]
    added = [adding(agency, use, key) for use, key in own]
    signed = [one.sign(number=n, now_ms=now_ms, keys=(identity,)).line for n, one in enumerate(added, start=1)]
    Journal(home / "identity-journal.json").spend(len(signed))
    keys = [strict_json.parse(line) for line in signed]
    request = strict_json.dump({**facts, "identity": identity.public.as_dict(), "keys": keys})
    durable_file.create(home / "request.json", request + b"\n", mode=durable_file.PUBLIC)
    return keyring


def adding(agency: str, use: str, key: Jwk) -> Sealed:
    """The statement that adds a key: `key.added` knows the kinds that there were when it was released."""
    if key.kind in {ED25519, P256}:
        return statement("key.added", sender=agency, facts={"agency": agency, "use": use, "key": key.as_dict()})
    return statement("reading_key.added", sender=agency, facts={"agency": agency, "key": key.as_dict()})


def key_of(added: Message) -> Jwk:
    """The key that a `key.added` or `reading_key.added` statement adds."""
    header = _header(added.line)
    if not isinstance(header, KeyAdded | ReadingKeyAdded):
        raise Refused(Fault("SCHEMA", "", "must be a statement that adds a key"))
    return jwk_of(header.key)


def _check_facts(facts: dict[str, Any]) -> None:
    """As the statement's schema has them, by way of a statement that is never signed."""
    said = statement("agency.admitted", sender="GOVERNANCE", facts=facts)
    message.parse(strict_json.dump(said.header(1, time.time_ns() // 1_000_000)))


def _key(value: object, pointer: str, agency: str, identity: Jwk) -> Message:
    members = strict_json.members(value, ("header", "parts"), pointer=pointer)
    envelope = jws.parse_envelope(members["header"], typ=jws.MESSAGE, pointer=f"{pointer}/header")
    envelope.verify(0, identity, pointer=f"{pointer}/header")
    said = message.parse(envelope.payload)
    if not isinstance(said, KeyAdded | ReadingKeyAdded) or {said.sender, said.agency} != {agency}:
        raise Refused(Fault("SCHEMA", pointer, "must be a statement of this agency that adds a key"))
    return Message.parse(strict_json.dump(value))


def _header(line: bytes) -> Header:
    members = strict_json.parse(line)
    return message.parse(jws.parse_envelope(members["header"], typ=jws.MESSAGE).payload)
