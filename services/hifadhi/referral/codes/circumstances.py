"""How, where and with what a person was met: encounters, posts, documents, references, evidence, relatives."""

from hifadhi.referral.codes.listing import CodeList

ENCOUNTER_KINDS = CodeList(
    "encounter-kinds",
    "How the person was met",
    {
        "SELF_PRESENTED": "Came to the authority",
        "APPREHENDED": "Apprehended",
        "INTERCEPTED": "Intercepted",
        "ENTRY_REFUSED": "Refused entry",
        "FOUND_STRANDED": "Found stranded",
        "IN_DETENTION": "Found in detention",
        "RELEASED": "Released from detention",
        "DISEMBARKED": "Disembarked",
        "RETURNED_BY_OTHER_STATE": "Returned by another state",
        "REFERRED_BY_NGO": "Referred by a non-governmental organisation",
        "AT_RECEPTION": "At reception",
    },
)

POSTS = CodeList(
    "border-posts",
    "Border post",
    {
        "MW-DEDZA": "Dedza (Malawi, to Mozambique)",
        "MW-MCHINJI": "Mchinji (Malawi, to Zambia)",
        "MW-SONGWE": "Songwe (Malawi, to Tanzania)",
        "MZ-CALOMUE": "Calomué (Mozambique, to Malawi)",
        "MZ-NAMOTO": "Namoto (Mozambique, to Tanzania)",
        "MZ-NEGOMANO": "Negomano (Mozambique, to Tanzania)",
        "MZ-RESSANO-GARCIA": "Ressano Garcia (Mozambique, to South Africa)",
        "TZ-KASUMULU": "Kasumulu (Tanzania, to Malawi)",
        "TZ-KILAMBO": "Kilambo (Tanzania, to Mozambique)",
        "TZ-MTAMBASWALA": "Mtambaswala (Tanzania, to Mozambique)",
        "TZ-NAMANGA": "Namanga (Tanzania, to Kenya)",
        "TZ-TUNDUMA": "Tunduma (Tanzania, to Zambia)",
        "KE-NAMANGA": "Namanga (Kenya, to Tanzania)",
        "ZA-BEITBRIDGE": "Beitbridge (South Africa, to Zimbabwe)",
        "ZA-LEBOMBO": "Lebombo (South Africa, to Mozambique)",
        "ZM-CHIRUNDU": "Chirundu (Zambia, to Zimbabwe)",
        "ZM-NAKONDE": "Nakonde (Zambia, to Tanzania)",
        "ZW-BEITBRIDGE": "Beitbridge (Zimbabwe, to South Africa)",
        "ZW-CHIRUNDU": "Chirundu (Zimbabwe, to Zambia)",
    },
)

DOCUMENT_KINDS = CodeList(
    "document-kinds",
    "Kind of document",
    {
        "PASSPORT": "Passport",
        "NATIONAL_ID": "National identity card",
        "REFUGEE_ID": "Refugee identity card",
        "ASYLUM_SEEKER_PERMIT": "Asylum seeker's permit",
        "CONVENTION_TRAVEL_DOCUMENT": "Refugee travel document",
        "EMERGENCY_TRAVEL_DOCUMENT": "Emergency travel document",
        "LAISSEZ_PASSER": "Laissez-passer",
        "BIRTH_RECORD": "Birth certificate or record",
        "MARRIAGE_RECORD": "Marriage certificate or record",
        "PROOF_OF_REGISTRATION": "Proof of registration",
        "RESIDENCE_PERMIT": "Residence permit",
        "OTHER": "Other document",
    },
)

REFERENCE_SCHEMES = CodeList(
    "reference-schemes",
    "What a reference number belongs to",
    {
        "UNHCR_INDIVIDUAL": "UNHCR individual number",
        "REGISTRATION_GROUP": "Registration group (household)",
        "NATIONAL_FILE": "File number at a national authority",
        "IOM_CASE": "IOM case number",
        "COURT_FILE": "Court file number",
        "BEST_INTERESTS": "Best-interests assessment or determination",
        "RISK_ASSESSMENT": "Risk assessment",
        "PRINTED_SLIP": "Reference printed for the person",
    },
)

EVIDENCE_KINDS = CodeList(
    "evidence-kinds",
    "Kind of evidence",
    {
        "REGISTRATION": "Record of registration",
        "ENTRY_OR_EXIT": "Record of entry or exit",
        "VISA_OR_PERMIT": "Visa or permit",
        "DECISION": "Decision of an authority or court",
        "IDENTITY_DOCUMENT": "Identity document",
        "CIVIL_STATUS": "Civil status record",
        "TRAVEL": "Ticket or travel record",
        "MEDICAL": "Medical record",
        "FAMILY_STATEMENT": "Statement of a relative",
        "PERSON_STATEMENT": "Statement of the person",
        "WITNESS_STATEMENT": "Statement of a witness",
        "OTHER": "Other evidence, told in the text",
    },
)

RELATIONS = CodeList(
    "family-relations",
    "What the relative is to the person",
    {
        "MOTHER": "Mother",
        "FATHER": "Father",
        "SPOUSE": "Spouse",
        "CHILD": "Child",
        "SISTER": "Sister",
        "BROTHER": "Brother",
        "GRANDPARENT": "Grandparent",
        "GRANDCHILD": "Grandchild",
        "AUNT": "Aunt",
        "UNCLE": "Uncle",
        "COUSIN": "Cousin",
        "NIECE_OR_NEPHEW": "Niece or nephew",
        "CUSTOMARY_CARER": "Carer by law or custom",
        "DEPENDANT": "Other dependant",
        "OTHER": "Other relative",
    },
)

OFFICER_ROLES = CodeList(
    "officer-roles",
    "Role of an officer",
    {
        "CASEWORKER": "Caseworker",
        "SIGNATORY": "Signatory",
        "INTAKE": "Intake",
        "DECISION_MAKER": "Decision maker",
        "RECEPTION": "Reception",
        "ESCORT": "Escort",
        "DUTY_DESK": "Duty desk",
    },
)

FIELDS = CodeList(
    "fields",
    "What is told of a person, for withholding and for asking",
    {
        "NAME": "Names",
        "BIRTH": "Birth and age",
        "NATIONALITY": "Nationality and statelessness",
        "LANGUAGES": "Languages",
        "DOCUMENTS": "Documents",
        "REFERENCES": "Reference numbers",
        "WHEREABOUTS": "Whereabouts",
        "FAMILY": "Family",
        "ACCOUNT": "The person's own account",
        "EVIDENCE": "Evidence",
        "HEALTH": "Health",
        "TRAFFICKING": "Trafficking",
        "SPECIFIC_NEEDS": "Specific needs",
        "BEST_INTERESTS": "Best-interests assessment",
        "REGISTRATION": "Earlier registration",
        "STATUS": "Status and stay",
    },
)

LISTS = (
    ENCOUNTER_KINDS,
    POSTS,
    DOCUMENT_KINDS,
    REFERENCE_SCHEMES,
    EVIDENCE_KINDS,
    RELATIONS,
    OFFICER_ROLES,
    FIELDS,
)
