"""The headers of all messages about a case, by type (`wire.md` §1, `domain.md` §3)."""

from collections.abc import Mapping

from hifadhi.referral.header import Header
from hifadhi.referral.headers.bounce import MessageBounced
from hifadhi.referral.headers.case import (
    CaseClosed,
    CaseReopened,
    LinkAnswered,
    LinkProposed,
    OutcomeReported,
    ResponsibilityAssumed,
)
from hifadhi.referral.headers.data import ConsentChanged, DataCorrected, DataRestricted, ErasureOrdered
from hifadhi.referral.headers.dispute import DisputeOpened, DisputeResolved, ObserverAdvised
from hifadhi.referral.headers.encounter import EncounterReported, RemovalRecorded
from hifadhi.referral.headers.request import (
    InformationProvided,
    InformationRequested,
    ReexaminationRequested,
    ReferralAccepted,
    ReferralDeclined,
    ReferralReceived,
    ReferralRequested,
    ReferralWithdrawn,
)
from hifadhi.referral.headers.transfer import (
    ArrivalConfirmed,
    DepartureConfirmed,
    NonArrivalReported,
    TransferAgreed,
    TransferProposed,
    TransferResumed,
    TransferSuspended,
)

MESSAGES: Mapping[str, type[Header]] = {
    "encounter.reported": EncounterReported,
    "removal.recorded": RemovalRecorded,
    "referral.requested": ReferralRequested,
    "referral.received": ReferralReceived,
    "referral.accepted": ReferralAccepted,
    "referral.declined": ReferralDeclined,
    "reexamination.requested": ReexaminationRequested,
    "referral.withdrawn": ReferralWithdrawn,
    "information.requested": InformationRequested,
    "information.provided": InformationProvided,
    "transfer.proposed": TransferProposed,
    "transfer.agreed": TransferAgreed,
    "transfer.suspended": TransferSuspended,
    "transfer.resumed": TransferResumed,
    "departure.confirmed": DepartureConfirmed,
    "arrival.confirmed": ArrivalConfirmed,
    "non_arrival.reported": NonArrivalReported,
    "responsibility.assumed": ResponsibilityAssumed,
    "outcome.reported": OutcomeReported,
    "case.closed": CaseClosed,
    "case.reopened": CaseReopened,
    "link.proposed": LinkProposed,
    "link.answered": LinkAnswered,
    "data.corrected": DataCorrected,
    "consent.changed": ConsentChanged,
    "data.restricted": DataRestricted,
    "erasure.ordered": ErasureOrdered,
    "dispute.opened": DisputeOpened,
    "observer.advised": ObserverAdvised,
    "dispute.resolved": DisputeResolved,
    "message.bounced": MessageBounced,
}

__all__ = [
    "MESSAGES",
    "ArrivalConfirmed",
    "CaseClosed",
    "CaseReopened",
    "ConsentChanged",
    "DataCorrected",
    "DataRestricted",
    "DepartureConfirmed",
    "DisputeOpened",
    "DisputeResolved",
    "EncounterReported",
    "ErasureOrdered",
    "InformationProvided",
    "InformationRequested",
    "LinkAnswered",
    "LinkProposed",
    "MessageBounced",
    "NonArrivalReported",
    "ObserverAdvised",
    "OutcomeReported",
    "ReexaminationRequested",
    "ReferralAccepted",
    "ReferralDeclined",
    "ReferralReceived",
    "ReferralRequested",
    "ReferralWithdrawn",
    "RemovalRecorded",
    "ResponsibilityAssumed",
    "TransferAgreed",
    "TransferProposed",
    "TransferResumed",
    "TransferSuspended",
]
