"""Who may speak, with which keys: the fold of `root.json` and the directory's statements, at one index of the ledger.

Statements are leaves, so a key is valid for a leaf when the statements before it say so; no clock is asked.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from hifadhi.evidence.jwk import Jwk
from hifadhi.referral import statements
from hifadhi.referral.header import GOVERNANCE, MOST_AGENCIES, Header
from hifadhi.referral.root import Root

IDENTITY = "identity"
# Every party stands in a lapse: with more of them it could outgrow a leaf.
MOST_PARTIES = 1_000
# All agencies of these read a part of every message: with the sender, they must fit among its readers.
READING_ROLES = frozenset({"detection", "statistics"})


@dataclass(frozen=True, slots=True)
class Agency:
    """An admitted agency. `utc_offset` as `+02:00`; `country` alpha-3, of its seat."""

    id: str
    name: str
    country: str
    roles: frozenset[str]
    utc_offset: str

    @property
    def is_state(self) -> bool:
        """Whether it may be responsible for a person."""
        return bool(self.roles & {"state", "focal"})


@dataclass(frozen=True, slots=True)
class Key:
    """A key that was ever admitted. Revoked, it stays known: what it signed is never taken for a stranger's."""

    agency: str
    use: str
    jwk: Jwk
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Directory:
    """Agencies by id and keys by kid, the governance keys among them."""

    agencies: Mapping[str, Agency]
    keys: Mapping[str, Key]
    threshold: int
    _holders: Mapping[str, tuple[str, ...]] = field(init=False, compare=False, repr=False)
    """The agencies of each role, sorted: every message asks for them, and they change with a statement only."""

    def __post_init__(self) -> None:
        holders = defaultdict[str, list[str]](list)
        for agency in sorted(self.agencies.values(), key=lambda one: one.id):
            for role in agency.roles:
                holders[role].append(agency.id)
        object.__setattr__(self, "_holders", {role: tuple(ids) for role, ids in holders.items()})

    @classmethod
    def of(cls, root: Root) -> "Directory":
        """The directory before the first statement: governance alone."""
        keys = {jwk.kid: Key(GOVERNANCE, "sign", jwk) for jwk in root.governance_keys}
        return cls(MappingProxyType({}), MappingProxyType(keys), root.governance.threshold)

    def with_role(self, role: str) -> tuple[str, ...]:
        """The agencies that have the role, sorted."""
        return self._holders.get(role, ())

    def owes_after(self, encounter: Header) -> str | None:
        """Who owes protection after an encounter that opens a case: the state's agency, or an observer's addressee."""
        if self.agencies[encounter.sender].is_state:
            return encounter.sender
        return next((one for one in encounter.addressees if "focal" in self.agencies[one].roles), None)

    def reading_keys(self, agency: str) -> tuple[Jwk, ...]:
        """The agency's valid reading keys, the newest last."""
        return tuple(k.jwk for k in self.keys.values() if k.agency == agency and k.use == "read" and not k.revoked)

    def evolve(self, statement: Header) -> "Directory":
        """The directory after a recorded statement; the same one after anything else."""
        effect = _EFFECTS.get(type(statement))
        return effect(self, statement) if effect else self

    def _with(self, *, agencies: Mapping[str, Agency] | None = None, keys: Mapping[str, Key]) -> "Directory":
        both = {**self.agencies, **(agencies or {})}
        return replace(self, agencies=MappingProxyType(both), keys=MappingProxyType({**self.keys, **keys}))


def jwk_of(fields: statements.JwkFields) -> Jwk:
    """The key in a statement; `Refused` if it is no point of its curve."""
    return Jwk.parse(fields.model_dump())


def objection(directory: Directory, statement: Header) -> str | None:
    """The code with which a statement is refused that does not fit the directory as it stands; None if it fits."""
    if isinstance(statement, statements.AgencyAdmitted):
        fits = (
            len(directory.agencies) < MOST_PARTIES
            and statement.agency not in directory.agencies
            and jwk_of(statement.identity).kid not in directory.keys
        )
        fits = fits and not any(_is_taken(directory, role, statement.country) for role in statement.roles)
    elif isinstance(statement, statements.KeyAdded):
        # A kid is admitted once, for one agency and one use: it never comes back after its revocation.
        fits = statement.agency in directory.agencies and jwk_of(statement.key).kid not in directory.keys
    else:
        key = directory.keys.get(getattr(statement, "kid", ""))
        fits = key is not None and key.agency == getattr(statement, "agency", "") and not key.revoked
    return None if fits else "NOT_ALLOWED_NOW"


def _is_taken(directory: Directory, role: str, country: str) -> bool:
    """Whether there is no room for one more of this role: a country has one focal agency."""
    holders = directory.with_role(role)
    if role == "focal":
        return any(directory.agencies[holder].country == country for holder in holders)
    return role in READING_ROLES and len(holders) >= MOST_AGENCIES - 1


def _admitted(directory: Directory, said: statements.AgencyAdmitted) -> Directory:
    agency = Agency(said.agency, said.name, said.country, frozenset(said.roles), said.utc_offset)
    identity = jwk_of(said.identity)
    return directory._with(  # noqa: SLF001 (this module's own)
        agencies={agency.id: agency}, keys={identity.kid: Key(agency.id, IDENTITY, identity)}
    )


def _key_added(directory: Directory, said: statements.KeyAdded) -> Directory:
    jwk = jwk_of(said.key)
    return directory._with(keys={jwk.kid: Key(said.agency, said.use, jwk)})  # noqa: SLF001 (this module's own)


def _key_revoked(directory: Directory, said: statements.KeyRevoked) -> Directory:
    revoked = replace(directory.keys[said.kid], revoked=True)
    return directory._with(keys={said.kid: revoked})  # noqa: SLF001 (this module's own)


_EFFECTS: Mapping[type[Header], Callable[[Directory, Any], Directory]] = {
    statements.AgencyAdmitted: _admitted,
    statements.KeyAdded: _key_added,
    statements.KeyRevoked: _key_revoked,
}
