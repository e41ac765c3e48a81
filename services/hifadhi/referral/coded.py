"""The coded fields of sealed parts, each with the list that says what its codes mean.

A type checks a code's form only: a code of a newer list is kept and shown as such, never refused.
"""

from typing import Annotated

from pydantic.fields import FieldInfo
from typing_extensions import TypeAliasType

from hifadhi.referral.closed import pattern

_CODE = r"^[A-Z][A-Z0-9_-]{0,47}$"
_LEGAL_BASIS = r"^[A-Z][A-Z0-9-]{1,31}(:[A-Za-z0-9().-]{1,40}){1,2}$"


def _of(list_name: str, regex: str = _CODE) -> FieldInfo:
    return pattern(regex, f"Code list {list_name}; a code that is not in it is kept.")


ProfileCode = TypeAliasType("ProfileCode", Annotated[str, _of("protection-profiles")])
RefugeeBasis = TypeAliasType("RefugeeBasis", Annotated[str, _of("refugee-bases")])
ProfileGroup = TypeAliasType("ProfileGroup", Annotated[str, _of("profile-groups")])
SpecificNeed = TypeAliasType("SpecificNeed", Annotated[str, _of("specific-needs")])
Care = TypeAliasType("Care", Annotated[str, _of("care-arrangements")])
GuardianKind = TypeAliasType("GuardianKind", Annotated[str, _of("guardian-kinds")])
TraffickingPhase = TypeAliasType("TraffickingPhase", Annotated[str, _of("trafficking-phases")])

Purpose = TypeAliasType("Purpose", Annotated[str, _of("purposes")])
DeclineReason = TypeAliasType("DeclineReason", Annotated[str, _of("decline-reasons")])
WithdrawalReason = TypeAliasType("WithdrawalReason", Annotated[str, _of("withdrawal-reasons")])
# `instrument:article`, a national law `ISO2:ACT:section`, or `ARRANGEMENT:` and the arrangement's id.
LegalBasis = TypeAliasType("LegalBasis", Annotated[str, _of("legal-bases", _LEGAL_BASIS)])
ProcessingBasis = TypeAliasType("ProcessingBasis", Annotated[str, _of("processing-bases")])
ConsentGiver = TypeAliasType("ConsentGiver", Annotated[str, _of("consent-givers")])
SuspensionReason = TypeAliasType("SuspensionReason", Annotated[str, _of("suspension-reasons")])
ResumptionReason = TypeAliasType("ResumptionReason", Annotated[str, _of("resumption-reasons")])
ReopeningReason = TypeAliasType("ReopeningReason", Annotated[str, _of("reopening-reasons")])
AssumptionGround = TypeAliasType("AssumptionGround", Annotated[str, _of("assumption-grounds")])
DisputeIssue = TypeAliasType("DisputeIssue", Annotated[str, _of("dispute-issues")])
ErasureReason = TypeAliasType("ErasureReason", Annotated[str, _of("erasure-reasons")])
InformationRefusal = TypeAliasType("InformationRefusal", Annotated[str, _of("information-refusals")])
Outcome = TypeAliasType("Outcome", Annotated[str, _of("outcomes")])

EncounterKind = TypeAliasType("EncounterKind", Annotated[str, _of("encounter-kinds")])
RemovalKind = TypeAliasType("RemovalKind", Annotated[str, _of("removal-kinds")])
Post = TypeAliasType("Post", Annotated[str, _of("border-posts")])
DocumentKind = TypeAliasType("DocumentKind", Annotated[str, _of("document-kinds")])
ReferenceScheme = TypeAliasType("ReferenceScheme", Annotated[str, _of("reference-schemes")])
EvidenceKind = TypeAliasType("EvidenceKind", Annotated[str, _of("evidence-kinds")])
Relation = TypeAliasType("Relation", Annotated[str, _of("family-relations")])
OfficerRole = TypeAliasType("OfficerRole", Annotated[str, _of("officer-roles")])
FieldName = TypeAliasType("FieldName", Annotated[str, _of("fields")])
