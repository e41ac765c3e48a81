"""Who needs which protection: profiles and their bases, specific needs, care, trafficking."""

from hifadhi.referral.codes.listing import CodeList

PROFILES = CodeList(
    "protection-profiles",
    "Protection profile",
    {
        "REFUGEE": "Refugee",
        "ASYLUM_SEEKER": "Asylum seeker",
        "CHILD_UNACCOMPANIED": "Unaccompanied child",
        "CHILD_SEPARATED": "Separated child",
        "VOT_PRESUMED": "Presumed victim of trafficking",
        "VOT_IDENTIFIED": "Identified victim of trafficking",
        "STATELESS_RISK": "Stateless, or at risk of statelessness",
        "VULNERABLE_MIGRANT": "Migrant in a vulnerable situation",
        "RETURNEE": "Returnee",
        "MIGRANT_OTHER": "Other migrant",
        "NOT_YET_ASSESSED": "Not yet assessed",
    },
)

REFUGEE_BASES = CodeList(
    "refugee-bases",
    "Basis of refugee status",
    {
        "CONV1951": "1951 Convention and 1967 Protocol",
        "OAU1969": "1969 OAU Convention",
        "MANDATE": "UNHCR's mandate",
        "PRIMA_FACIE": "Prima facie, by a group declaration",
    },
)

PROFILE_GROUPS = CodeList(
    "profile-groups",
    "Group of profiles, for statistics",
    {
        "REFUGEE_ASYLUM": "Refugees and asylum seekers",
        "CHILD_ALONE": "Unaccompanied and separated children",
        "TRAFFICKING": "Presumed and identified victims of trafficking",
        "STATELESS": "Stateless persons",
        "VULNERABLE": "Migrants in vulnerable situations",
        "RETURNEE": "Returnees",
        "OTHER": "Other migrants",
        "NOT_YET_ASSESSED": "Not yet assessed",
    },
)

SPECIFIC_NEEDS = CodeList(
    "specific-needs",
    "Specific needs (UNHCR codes)",
    {
        "CR-CP": "Child parent",
        "CR-CS": "Child spouse",
        "CR-CC": "Child carer",
        "CR-TP": "Teenage pregnancy",
        "CR-LW": "Child engaged in worst forms of child labour",
        "CR-LO": "Child engaged in other forms of child labour",
        "CR-NE": "Child at risk of not attending school",
        "CR-SE": "Child with special education needs",
        "CR-AF": "Child associated with armed forces or groups",
        "CR-CL": "Child in conflict with the law",
        "SC-CH": "Child-headed household",
        "SC-IC": "Child in institutional care",
        "SC-FC": "Child in foster care",
        "SM-MI": "Mental illness",
        "SM-MN": "Malnutrition",
        "SM-CI": "Chronic illness",
        "SM-CC": "Critical medical condition",
        "SM-OT": "Other medical condition",
        "FU-TR": "Tracing required",
        "FU-FR": "Family reunification required",
        "LP-ND": "No legal documentation",
        "LP-AN": "Violence, abuse or neglect",
        "LP-MD": "Multiple displacements",
        "LP-MS": "Marginalised from society or community",
        "LP-RR": "At risk of refoulement",
        "TR-PI": "Psychological or physical impairment due to torture",
        "TR-HO": "Forced to egregious acts",
        "TR-WV": "Witness of violence to others",
        "SV-VA": "Sexual or gender-based violence",
    },
)

CARE = CodeList(
    "care-arrangements",
    "Care arrangement",
    {
        "FAMILY": "With parents or customary carers",
        "KINSHIP": "With relatives",
        "FOSTER": "Foster family",
        "SUPERVISED_INDEPENDENT": "Supervised independent living",
        "RESIDENTIAL": "Residential care",
        "SAFE_HOUSE": "Safe house",
        "RECEPTION_CENTRE": "Reception or transit centre",
        "HOSPITAL": "Hospital",
        "DETENTION": "Detention",
        "NONE": "No care",
    },
)

GUARDIANS = CodeList(
    "guardian-kinds",
    "Kind of guardian",
    {
        "PARENT": "Parent",
        "RELATIVE": "Adult relative",
        "APPOINTED": "Guardian appointed by a court or authority",
        "SOCIAL_WORKER": "Social worker in charge",
        "INSTITUTION": "Institution in charge",
    },
)

TRAFFICKING_PHASES = CodeList(
    "trafficking-phases",
    "Phase of assistance to a victim of trafficking",
    {
        "IDENTIFICATION": "Identification",
        "REFLECTION": "Recovery and reflection period",
        "ASSISTANCE": "Protection and assistance",
        "PROCEEDINGS": "Taking part in proceedings",
        "RETURN_OR_STAY": "Return or longer stay being prepared",
        "REINTEGRATION": "Reintegration",
    },
)

LISTS = (PROFILES, REFUGEE_BASES, PROFILE_GROUPS, SPECIFIC_NEEDS, CARE, GUARDIANS, TRAFFICKING_PHASES)
