"""Who may speak, with which keys: the fold of `root.json` and the directory's statements, at one index of the ledger.

Statements are leaves, so a key is valid for a leaf when the statements before it say so; no clock is asked.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from hifadhi.evidence.jwk import Jwk
from hifadhi.evidence.key_kinds import KINDS, SUITES
from hifadhi.referral.header import GOVERNANCE, Header
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
class Arrangement:
    """How two states refer to each other. `agencies`: who signed; `days` by clock and urgency."""

    id: str
    agencies: frozenset[str]
    days: Mapping[tuple[str, str], int]
    observers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Declaration:
    """A group that a state recognises prima facie, from a day to a day; `until` is None while it is in force."""

    id: str
    agency: str
    origins: tuple[str, ...]
    basis: str
    since: str
    until: str | None = None


@dataclass(frozen=True, slots=True)
class PublishedList:
    """The newest version of a code list, and the digest of its file."""

    version: int
    digest: str


@dataclass(frozen=True, slots=True)
class Key:
    """A key that was ever admitted. Revoked, it stays known: what it signed is never taken for a stranger's."""

    agency: str
    use: str
    jwk: Jwk
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Directory:
    """Agencies by id, with those removed; keys by kid, the governance keys among them; the rules in force."""

    agencies: Mapping[str, Agency]
    keys: Mapping[str, Key]
    root: Root
    """The root in force: the one handed over, until governance rotates."""
    rules: int = 1
    rotations: int = 0
    gateway_keys: Mapping[str, Jwk] = field(default_factory=dict)
    """By kid, those that were ever in force: what they signed stays evidence, as a leaf's signature does (ADR 8)."""
    arrangements: Mapping[str, Arrangement] = field(default_factory=dict)
    declarations: Mapping[str, Declaration] = field(default_factory=dict)
    code_lists: Mapping[str, PublishedList] = field(default_factory=dict)
    """By name, the lists of which governance has published a version."""
    removed: Mapping[str, str | None] = field(default_factory=dict)
    """The agencies that were removed, and who succeeds each."""
    suspended: frozenset[str] = frozenset()
    """The agencies whose keys sign nothing for now."""

    _holders: Mapping[str, tuple[str, ...]] = field(init=False, compare=False, repr=False)
    """The agencies of each role, sorted: every message asks for them, and they change with a statement only."""

    def __post_init__(self) -> None:
        holders = defaultdict[str, list[str]](list)
        for agency in sorted(self.agencies.values(), key=lambda one: one.id):
            if agency.id in self.removed:
                continue
            for role in agency.roles:
                holders[role].append(agency.id)
        object.__setattr__(self, "_holders", {role: tuple(ids) for role, ids in holders.items()})

    @classmethod
    def of(cls, root: Root) -> "Directory":
        """The directory before the first statement: governance alone."""
        keys = {jwk.kid: Key(GOVERNANCE, "sign", jwk) for jwk in root.governance_keys}
        nobody: Mapping[str, Agency] = MappingProxyType({})
        return cls(nobody, MappingProxyType(keys), root, root.rules, gateway_keys=root.gateway_keys)

    @property
    def threshold(self) -> int:
        """How many governance keys sign a statement."""
        return self.root.governance.threshold

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

    def suite_of(self, readers: Collection[str]) -> str | None:
        """The suite of the weakest of these agencies: the strongest that all of them have a valid key for; or None."""
        own: dict[str, set[str]] = {reader: set() for reader in readers}
        for key in self.keys.values():
            if key.agency in own and key.use == "read" and not key.revoked:
                own[key.agency].add(KINDS[key.jwk.kind].suite)
        return next((suite for suite in reversed(SUITES) if all(suite in suites for suites in own.values())), None)

    def takes_part(self, agency: str) -> bool:
        """Whether it was admitted, and not removed."""
        return agency in self.agencies and agency not in self.removed

    def heir(self, agency: str) -> str:
        """Who stands in its place: itself, unless it was removed."""
        while (successor := self.removed.get(agency)) is not None:
            agency = successor
        return agency

    def covers(self, arrangement: str, *agencies: str) -> bool:
        """Whether the arrangement is in force between the countries of these two agencies."""
        found = self.arrangements.get(arrangement)
        ours = {self.agencies[agency].country for agency in agencies}
        return found is not None and ours == {self.agencies[signer].country for signer in found.agencies}

    def days(self, arrangement: str | None, clock: str, urgency: str) -> int | None:
        """What the arrangement says of a clock; None where it says nothing."""
        found = self.arrangements.get(arrangement or "")
        return found.days.get((clock, urgency)) if found else None
