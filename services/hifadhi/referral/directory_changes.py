"""What a statement makes of the directory, and which statement does not fit it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from hifadhi.evidence.jwk import Jwk
from hifadhi.referral import statements
from hifadhi.referral.directory import (
    IDENTITY,
    MOST_PARTIES,
    READING_ROLES,
    Agency,
    Arrangement,
    Declaration,
    Directory,
    Key,
    PublishedList,
)
from hifadhi.referral.header import GOVERNANCE, MOST_AGENCIES, Header
from hifadhi.referral.key_fields import JwkFields, ReadingJwkFields

# Every gateway and every client keeps them all.
MOST_ARRANGEMENTS: Final = 1_000
MOST_DECLARATIONS: Final = 10_000
MOST_CODE_LISTS: Final = 200


def jwk_of(fields: JwkFields | ReadingJwkFields) -> Jwk:
    """The key in a statement; `Refused` if it is no point of its curve."""
    return Jwk.parse(fields.model_dump())


def evolve(directory: Directory, statement: Header) -> Directory:
    """The directory after a recorded statement; the same one after anything else."""
    effect = _EFFECTS.get(type(statement))
    return effect(directory, statement) if effect else directory


def objection(directory: Directory, statement: Header) -> str | None:
    """The code with which a statement is refused that does not fit the directory as it stands; None if it fits."""
    return None if _FITS[type(statement)](directory, statement) else "NOT_ALLOWED_NOW"


def _fits_admitted(directory: Directory, said: statements.AgencyAdmitted) -> bool:
    new = len(directory.agencies) < MOST_PARTIES and said.agency not in directory.agencies
    is_fresh = jwk_of(said.identity).kid not in directory.keys
    return new and is_fresh and not any(_is_taken(directory, role, said.country) for role in said.roles)


def _is_taken(directory: Directory, role: str, country: str) -> bool:
    """Whether there is no room for one more of this role: a country has one focal agency."""
    holders = directory.with_role(role)
    if role == "focal":
        return any(directory.agencies[holder].country == country for holder in holders)
    return role in READING_ROLES and len(holders) >= MOST_AGENCIES - 1


def _fits_key_added(directory: Directory, said: statements.KeyAdded | statements.ReadingKeyAdded) -> bool:
    """A kid is admitted once, for one agency and one use: it never comes back after its revocation."""
    return directory.takes_part(said.agency) and jwk_of(said.key).kid not in directory.keys


def _fits_key_revoked(directory: Directory, said: statements.KeyRevoked) -> bool:
    key = directory.keys.get(said.kid)
    return key is not None and key.agency == said.agency and not key.revoked


def _fits_removed(directory: Directory, said: statements.AgencyRemoved) -> bool:
    """A state's agency has a successor of its country that can act: another state takes over by its own word only."""
    if not directory.takes_part(said.agency):
        return False
    leaves = directory.agencies[said.agency]
    if not leaves.is_state:
        return said.successor is None
    if said.successor is None or said.successor == said.agency or not directory.takes_part(said.successor):
        return False
    follows = directory.agencies[said.successor]
    can_act = follows.is_state and said.successor not in directory.suspended
    return can_act and follows.country == leaves.country


def _fits_suspended(directory: Directory, said: statements.AgencySuspended) -> bool:
    return directory.takes_part(said.agency) and (said.agency in directory.suspended) == bool(said.lifted)


def _fits_arrangement(directory: Directory, said: statements.ArrangementPublished) -> bool:
    """Two states; who publishes it again are agencies of the same two."""
    signers = (said.sender, said.other)
    if not all(directory.takes_part(one) and directory.agencies[one].is_state for one in signers):
        return False
    apart = directory.agencies[said.sender].country != directory.agencies[said.other].country
    known = all(directory.takes_part(one) and "observer" in directory.agencies[one].roles for one in said.observers)
    is_new = said.arrangement not in directory.arrangements
    room = is_new and len(directory.arrangements) < MOST_ARRANGEMENTS
    return apart and known and (room or directory.covers(said.arrangement, *signers))


def _fits_declared(directory: Directory, _: statements.DeclarationPublished) -> bool:
    return len(directory.declarations) < MOST_DECLARATIONS


def _fits_ended(directory: Directory, said: statements.DeclarationEnded) -> bool:
    declared = directory.declarations.get(said.declaration)
    return (
        declared is not None
        and directory.heir(declared.agency) == said.sender
        and declared.until is None
        and declared.since <= said.until
    )


def _fits_codelist(directory: Directory, said: statements.CodelistPublished) -> bool:
    known = directory.code_lists.get(said.list_name)
    return said.version > known.version if known else len(directory.code_lists) < MOST_CODE_LISTS


def _fits_adopted(directory: Directory, said: statements.RulesAdopted) -> bool:
    return said.rules > directory.rules


def _fits_rotated(directory: Directory, said: statements.GovernanceRotated) -> bool:
    """The next one; no governance key comes back, and none is another's, or was for another use."""
    others = dict.fromkeys(directory.keys, "agency") | dict.fromkeys(directory.gateway_keys, "gateway")
    held = others | directory.root.uses
    are_free = all(held.get(kid, use) == use for kid, use in said.root.uses.items())
    return said.version == directory.rotations + 1 and are_free


_FITS: Final[Mapping[type[Header], Callable[[Directory, Any], bool]]] = {
    statements.AgencyAdmitted: _fits_admitted,
    statements.KeyAdded: _fits_key_added,
    statements.ReadingKeyAdded: _fits_key_added,
    statements.KeyRevoked: _fits_key_revoked,
    statements.AgencyRemoved: _fits_removed,
    statements.AgencySuspended: _fits_suspended,
    statements.ArrangementPublished: _fits_arrangement,
    statements.DeclarationPublished: _fits_declared,
    statements.DeclarationEnded: _fits_ended,
    statements.CodelistPublished: _fits_codelist,
    statements.RulesAdopted: _fits_adopted,
    statements.GovernanceRotated: _fits_rotated,
}


def _admitted(directory: Directory, said: statements.AgencyAdmitted) -> Directory:
    agency = Agency(said.agency, said.name, said.country, frozenset(said.roles), said.utc_offset)
    identity = jwk_of(said.identity)
    return _with(directory, agencies={agency.id: agency}, keys={identity.kid: Key(agency.id, IDENTITY, identity)})


def _key_added(directory: Directory, said: statements.KeyAdded | statements.ReadingKeyAdded) -> Directory:
    jwk = jwk_of(said.key)
    return _with(directory, keys={jwk.kid: Key(said.agency, said.use, jwk)})


def _key_revoked(directory: Directory, said: statements.KeyRevoked) -> Directory:
    revoked = replace(directory.keys[said.kid], revoked=True)
    return _with(directory, keys={said.kid: revoked})


def _removed(directory: Directory, said: statements.AgencyRemoved) -> Directory:
    """Its keys end with it; what they signed stays."""
    ended = {kid: replace(key, revoked=True) for kid, key in directory.keys.items() if key.agency == said.agency}
    removed = MappingProxyType({**directory.removed, said.agency: said.successor})
    return replace(_with(directory, keys=ended), removed=removed, suspended=directory.suspended - {said.agency})


def _suspended(directory: Directory, said: statements.AgencySuspended) -> Directory:
    return replace(directory, suspended=directory.suspended ^ {said.agency})


def _arranged(directory: Directory, said: statements.ArrangementPublished) -> Directory:
    days: dict[tuple[str, str], int] = {(one.clock, one.urgency): one.days for one in said.deadlines}
    agreed = Arrangement(said.arrangement, frozenset({said.sender, said.other}), days, said.observers)
    return replace(directory, arrangements={**directory.arrangements, agreed.id: agreed})


def _declared(directory: Directory, said: statements.DeclarationPublished) -> Directory:
    new = Declaration(said.id, said.sender, said.origins, said.basis, said.since)
    return replace(directory, declarations={**directory.declarations, new.id: new})


def _ended(directory: Directory, said: statements.DeclarationEnded) -> Directory:
    ended = replace(directory.declarations[said.declaration], until=said.until)
    return replace(directory, declarations={**directory.declarations, ended.id: ended})


def _listed(directory: Directory, said: statements.CodelistPublished) -> Directory:
    newest = PublishedList(said.version, said.digest)
    return replace(directory, code_lists={**directory.code_lists, said.list_name: newest})


def _adopted(directory: Directory, said: statements.RulesAdopted) -> Directory:
    return replace(directory, rules=said.rules)


def _rotated(directory: Directory, said: statements.GovernanceRotated) -> Directory:
    now = {jwk.kid: Key(GOVERNANCE, "sign", jwk) for jwk in said.root.governance_keys}
    ended = {kid: replace(key, revoked=True) for kid, key in directory.keys.items() if key.agency == GOVERNANCE}
    gateways = {**directory.gateway_keys, **said.root.gateway_keys}
    after = _with(directory, keys={**ended, **now})
    return replace(after, root=said.root, rotations=said.version, gateway_keys=gateways)


def _with(directory: Directory, *, agencies: Mapping[str, Agency] | None = None, keys: Mapping[str, Key]) -> Directory:
    both = MappingProxyType({**directory.agencies, **(agencies or {})})
    return replace(directory, agencies=both, keys=MappingProxyType({**directory.keys, **keys}))


_EFFECTS: Final[Mapping[type[Header], Callable[[Directory, Any], Directory]]] = {
    statements.AgencyAdmitted: _admitted,
    statements.KeyAdded: _key_added,
    statements.ReadingKeyAdded: _key_added,
    statements.KeyRevoked: _key_revoked,
    statements.AgencyRemoved: _removed,
    statements.AgencySuspended: _suspended,
    statements.ArrangementPublished: _arranged,
    statements.DeclarationPublished: _declared,
    statements.DeclarationEnded: _ended,
    statements.CodelistPublished: _listed,
    statements.RulesAdopted: _adopted,
    statements.GovernanceRotated: _rotated,
}
