"""The course of a case: halts and new beginnings, removals, disputes, what is refused or destroyed."""

from hifadhi.referral.codes.listing import CodeList

SUSPENSION_REASONS = CodeList(
    "suspension-reasons",
    "Reason for suspending a transfer",
    {
        "MEDICAL": "The person is not fit to travel",
        "APPEAL": "An appeal or review is pending",
        "CONSENT_WITHDRAWN": "Consent was withdrawn",
        "BEST_INTERESTS": "A best-interests question is open",
        "SECURITY": "The way or the place is not safe",
        "DOCUMENTS": "Travel documents are missing",
        "LOGISTICS": "Transport or reception is not available",
        "OTHER": "Another reason, told in the text",
    },
)
RESUMPTION_REASONS = CodeList(
    "resumption-reasons",
    "Reason for resuming a transfer",
    {
        "FIT_TO_TRAVEL": "The person is fit to travel",
        "APPEAL_DECIDED": "The appeal or review is decided",
        "CONSENT_GIVEN": "Consent was given again",
        "CLARIFIED": "The question is clarified",
        "OTHER": "Another reason, told in the text",
    },
)
REOPENING_REASONS = CodeList(
    "reopening-reasons",
    "Reason for opening a case again",
    {
        "FOUND_AGAIN": "The person was found again",
        "CLOSED_IN_ERROR": "The case was closed in error",
        "NEW_FACTS": "New facts have come to light",
        "OTHER": "Another reason, told in the text",
    },
)
ASSUMPTION_GROUNDS = CodeList(
    "assumption-grounds",
    "Ground on which an agency takes responsibility by itself",
    {
        "PRESENT_HERE": "The person is here",
        "FAMILY_HERE": "The person has family here",
        "HUMANITARIAN": "Humanitarian reasons",
        "GROUP_DECLARATION": "A group declaration covers the person",
        "EARLIER_STATUS": "The person has, or had, a status here",
        "OTHER": "Another ground, told in the text",
    },
)
DISPUTE_ISSUES = CodeList(
    "dispute-issues",
    "What two states contest",
    {
        "WHO_IS_RESPONSIBLE": "Who owes protection",
        "NO_ANSWER": "A request that was not answered",
        "DECLINE_UNFOUNDED": "A decline that is held to be unfounded",
        "UNRECORDED_RETURN": "A return of which there is no record",
        "OTHER": "Another issue, told in the text",
    },
)
ERASURE_REASONS = CodeList(
    "erasure-reasons",
    "Reason for destroying sealed parts",
    {
        "CONSENT_WITHDRAWN": "Consent was withdrawn",
        "RETENTION_ENDED": "The time for which it may be kept has ended",
        "UNLAWFUL": "It should not have been sent",
        "COURT_ORDER": "A court ordered it",
        "OTHER": "Another reason, told in the text",
    },
)
INFORMATION_REFUSALS = CodeList(
    "information-refusals",
    "Why a question is not answered",
    {
        "NOT_HELD": "The agency does not have it",
        "WITHHELD_BY_PERSON": "The person does not want it told",
        "NOT_NEEDED": "The stated purpose does not need it",
        "CONFIDENTIAL": "The law keeps it confidential",
    },
)
REMOVAL_KINDS = CodeList(
    "removal-kinds",
    "Kind of a removal",
    {
        "DEPORTATION": "Deportation on an order",
        "ENTRY_REFUSED": "Entry refused at the border",
        "INFORMAL_RETURN": "Returned without an order",
        "READMISSION": "Readmitted under an agreement",
        "VOLUNTARY_RETURN": "Voluntary return",
        "EXTRADITION": "Extradition",
    },
)

LISTS = (
    SUSPENSION_REASONS,
    RESUMPTION_REASONS,
    REOPENING_REASONS,
    ASSUMPTION_GROUNDS,
    DISPUTE_ISSUES,
    ERASURE_REASONS,
    INFORMATION_REFUSALS,
    REMOVAL_KINDS,
)
