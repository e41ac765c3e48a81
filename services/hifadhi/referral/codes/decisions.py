"""What is asked, on which ground, and how it ends: purposes, legal and processing bases, declines, outcomes."""

from hifadhi.referral.codes.listing import CodeList

PURPOSES = CodeList(
    "purposes",
    "Purpose of a referral",
    {
        "TAKE_CHARGE": "Take charge",
        "TAKE_BACK": "Take back",
        "ASYLUM_ACCESS": "Access to asylum procedures",
        "CHILD_CARE": "Care of a child",
        "FAMILY_TRACING": "Family tracing",
        "FAMILY_REUNIFICATION": "Family reunification",
        "VOT_ASSISTANCE": "Assistance to a victim of trafficking",
        "MEDICAL": "Medical care",
        "SAFE_SHELTER": "Safe shelter",
        "LEGAL_AID": "Legal aid",
        "DOCUMENTATION": "Documentation",
        "VOLUNTARY_RETURN": "Voluntary return",
        "JUSTICE_WITNESS": "Witness in proceedings",
        "INFORMATION": "Information",
    },
)

DECLINE_REASONS = CodeList(
    "decline-reasons",
    "Reason of a decline (of responsibility or service, never of status)",
    {
        "ID_NOT_FOUND": "No record found under this identity",
        "ID_MISMATCH": "The record found is another person's",
        "NOT_APPLICABLE": "The ground invoked does not apply",
        "EVIDENCE_INSUFFICIENT": "The evidence does not suffice",
        "RESPONSIBILITY_ELSEWHERE": "Another agency is responsible",
        "RESPONSIBILITY_CEASED": "Responsibility has ceased",
        "FAMILY_LINK_NOT_ESTABLISHED": "The family link is not established",
        "NOT_IN_BEST_INTERESTS": "Not in the child's best interests",
        "CONSENT_MISSING": "The consent needed is missing",
        "NO_SUITABLE_SERVICE": "There is no suitable service",
        "CAPACITY": "No capacity",
        "SECURITY_CONCERN": "Security concern",
        "EXCLUSION_TRIGGER": "Grounds to examine exclusion",
        "EVIDENCE_TO_CONTRARY": "There is evidence to the contrary",
        "OUT_OF_GROUP_SCOPE": "Outside the scope of the group declaration",
        "RISK_IN_RECEIVING_STATE": "The person would be at risk in the receiving state",
        "DUPLICATE_REFERRAL": "The same was referred already",
        "INCOMPLETE_REFERRAL": "The referral is incomplete",
        "WITHDRAWN_BY_PERSON": "The person no longer wishes it",
        "OTHER": "Another reason, told in the full reasons",
    },
)

WITHDRAWAL_REASONS = CodeList(
    "withdrawal-reasons",
    "Reason of a withdrawal",
    {
        "WITHDRAWN_BY_PERSON": "The person no longer wishes it",
        "CONSENT_WITHDRAWN": "Consent was withdrawn",
        "NOT_IN_BEST_INTERESTS": "Not in the child's best interests",
        "SOLVED_LOCALLY": "Solved where the person is",
        "REFERRED_ELSEWHERE": "Referred to another agency instead",
        "SENT_IN_ERROR": "Sent in error",
        "WHEREABOUTS_UNKNOWN": "The person's whereabouts are unknown",
        "DIED": "The person has died",
        "OTHER": "Another reason, told in the text",
    },
)

LEGAL_BASES = CodeList(
    "legal-bases",
    "Legal basis; beside these, a national law as ISO2:ACT:section and an arrangement as ARRANGEMENT:id",
    {
        "CSR51:31": "1951 Convention, article 31: entry of refugees without permission",
        "CSR51:33": "1951 Convention, article 33: no refoulement",
        "CSR51:35": "1951 Convention, article 35: co-operation with UNHCR",
        "OAU69:I(2)": "1969 OAU Convention, article I(2): who is a refugee",
        "OAU69:II(3)": "1969 OAU Convention, article II(3): no refoulement",
        "OAU69:II(4)": "1969 OAU Convention, article II(4): appeal to other states to lighten the burden",
        "OAU69:II(5)": "1969 OAU Convention, article II(5): temporary residence pending resettlement",
        "OAU69:VIII": "1969 OAU Convention, article VIII: co-operation with UNHCR",
        "CAT84:3": "1984 Convention against Torture, article 3: no return to torture",
        "CRC:3": "Convention on the Rights of the Child, article 3: best interests",
        "CRC:9": "Convention on the Rights of the Child, article 9: separation from parents",
        "CRC:10": "Convention on the Rights of the Child, article 10: family reunification",
        "CRC:20": "Convention on the Rights of the Child, article 20: children without their family",
        "CRC:22": "Convention on the Rights of the Child, article 22: refugee children",
        "ACRWC:4": "African Charter on the Rights and Welfare of the Child, article 4: best interests",
        "ACRWC:23": "African Charter on the Rights and Welfare of the Child, article 23: refugee children",
        "ACRWC:25": "African Charter on the Rights and Welfare of the Child, article 25: separation from parents",
        "UNTOC-TIP:6": "Trafficking Protocol, article 6: assistance to and protection of victims",
        "UNTOC-TIP:7": "Trafficking Protocol, article 7: status of victims in receiving states",
        "UNTOC-TIP:8": "Trafficking Protocol, article 8: repatriation of victims",
    },
)

PROCESSING_BASES = CodeList(
    "processing-bases",
    "Basis on which personal data are processed",
    {
        "CONSENT": "Consent",
        "VITAL_INTEREST": "Vital interest of the person or another",
        "BENEFICIARY_INTEREST": "Best interest of the beneficiary",
        "LEGAL_OBLIGATION": "Legal obligation",
        "PUBLIC_INTEREST_MANDATE": "Public interest, by mandate",
    },
)

CONSENT_GIVERS = CodeList(
    "consent-givers",
    "Who consented",
    {
        "PERSON": "The person",
        "PARENT": "A parent",
        "GUARDIAN": "The guardian",
        "AUTHORITY": "A competent authority for the child",
    },
)

OUTCOMES = CodeList(
    "outcomes",
    "Outcome of a referral or closure of a case",
    {
        "RECOGNISED": "Recognised as a refugee",
        "COMPLEMENTARY": "Complementary protection",
        "REJECTED": "Rejected",
        "OTHERWISE_CLOSED": "Otherwise closed",
        "REUNIFIED": "Reunified with family",
        "ALTERNATIVE_CARE": "Alternative care",
        "BID_DONE": "Best interests determined",
        "SHELTERED": "Sheltered",
        "REFLECTION_PERIOD": "Reflection period granted",
        "REINTEGRATION": "Reintegration",
        "RETURNED_TO_ORIGIN": "Returned to the country of origin",
        "DEPARTED_3RD_COUNTRY": "Departed to a third country",
        "RESETTLED": "Resettled",
        "NATURALISED": "Naturalised",
        "WHEREABOUTS_UNKNOWN": "Whereabouts unknown",
        "DIED": "Died",
        "LOCAL_SOLUTION": "Closed: local solution",
        "ERROR_DUPLICATE": "Closed: opened in error or twice",
    },
)

LISTS = (
    PURPOSES,
    DECLINE_REASONS,
    WITHDRAWAL_REASONS,
    LEGAL_BASES,
    PROCESSING_BASES,
    CONSENT_GIVERS,
    OUTCOMES,
)
