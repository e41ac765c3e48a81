"""Every code that an answer or a sealed ruling may carry: what it means, and how to mend it. One page each."""

from collections.abc import Mapping
from typing import Final

CODES: Final[Mapping[str, tuple[str, str]]] = {
    "TOO_LARGE": (
        "The body, the payload or the batch is too large.",
        "Keep to 1 MiB a message, 6 KiB a payload, 500 lines and 8 MiB a batch.",
    ),
    "BAD_ENCODING": (
        "The bytes are not UTF-8, or not strict base64url.",
        "Encode without padding and without bits left over; send UTF-8.",
    ),
    "NOT_JSON": ("The text is not JSON as this exchange reads it.", "Send plain JSON with whole numbers."),
    "DUPLICATE_KEY": ("An object names a member twice.", "Name each member once: two readers could see two messages."),
    "TOO_DEEP": (
        "The JSON is nested too deeply.",
        "No message type needs so many levels; look for a bug in the sender.",
    ),
    "FORMAT_UNKNOWN": ("The format number is not one that this exchange reads.", "Set 'format' to 1."),
    "TYPE_UNKNOWN": ("There is no such message type here.", "Use a type that has a schema under schemas/messages/."),
    "SCHEMA": (
        "The message does not fit the closed schema of its type.",
        "See the pointer, and the schema of the type.",
    ),
    "ALGORITHM": (
        "The signature's algorithm is not allowed, or not the key's.",
        "Sign with Ed25519 or ES256, as the key is.",
    ),
    "KEY_UNKNOWN": (
        "The directory does not know the key that signed.",
        "Add the key with a 'key.added' or 'reading_key.added' statement first.",
    ),
    "GATEWAY_KEY": (
        "The key of the gateway that answered is not in force: its receipt would prove nothing. Nothing was stored.",
        "Send the same message again later; operators start the gateway with a key of the root in force.",
    ),
    "KEY_NOT_VALID": (
        "The key was revoked, is not for this use, or its agency is suspended.",
        "Sign with a valid key of the use 'sign'; of a suspended agency only 'key.revoked' is taken.",
    ),
    "SENDER_MISMATCH": (
        "The key is not one of the agency in 'from'.",
        "Sign with a key of the sender; governance signs by its threshold.",
    ),
    "SIGNATURE": ("The signature does not match these bytes.", "Sign the very bytes that are sent."),
    "NOT_YOUR_ROLE": (
        "An agency of this role does not send or read this.",
        "Ask governance for the role, or leave it to an agency that has it.",
    ),
    "ADDRESSEE_UNKNOWN": (
        "An addressee is not in the directory, or cannot be addressed so.",
        "Fetch the directory and correct 'to'.",
    ),
    "ARRANGEMENT_UNKNOWN": (
        "No arrangement of this name is in force between the states of the two agencies.",
        "Fetch the directory and correct 'arrangement', or leave it out.",
    ),
    "RULES_UNKNOWN": ("This program does not have the rules of this number.", "Upgrade the exchange first."),
    "READER_UNKNOWN": (
        "A reader is not in the directory, or may not read this part.",
        "Fetch the directory, correct the readers and seal again.",
    ),
    "PART_MISSING": ("A part that the header names was not sent.", "Send every part of the type, with the header."),
    "PART_SURPLUS": ("A part was sent that the header does not name.", "Leave it out."),
    "PART_DIGEST": ("A part is not the one whose digest was signed.", "Send the very string that was sealed."),
    "SENT_IN_FUTURE": ("'sent_at' is more than five minutes ahead.", "Set the clock right."),
    "ID_REUSED": ("This id stands for another message already.", "Make a fresh UUIDv7 for every message."),
    "CASE_UNKNOWN": ("No recorded encounter opened this case.", "Use the id of the encounter that opened it."),
    "NOT_PARTY": (
        "The sender is no party here, or not the side that may say this.",
        "Check 'case', 'referral' and 'to'.",
    ),
    "OTHER_CASE": ("The message names something that does not belong to its case.", "Check the ids that it names."),
    "NOT_RESPONSIBLE": (
        "Only the agency that is responsible for the person may do this.",
        "See who is: GET /v1/cases/{case}.",
    ),
    "NOT_ALLOWED_NOW": (
        "The referral, or the directory, is not in a state that allows this.",
        "Read what happened meanwhile and decide again.",
    ),
    "STALE_STATE": (
        "The decision was made on a version that is no longer in force.",
        "Read the inbox, decide again, and name the version seen.",
    ),
    "LIVE_REFERRAL": (
        "Another request for responsibility is still open in this case.",
        "Wait for its end, or withdraw it.",
    ),
    "NEW_ELEMENT_MISSING": (
        "The same was finally declined before.",
        "Ask again only with something new, and say 'new_element'.",
    ),
    "TOKEN": (
        "The access token is missing or not valid.",
        "Sign a fresh one with the agency's own key; it lives five minutes at most.",
    ),
    "NOT_YOURS": ("There is no such thing, or it does not concern the reading agency.", "Check the id."),
    "NOT_SEALED_YET": (
        "The message is not sealed yet, or was never sent.",
        "Ask again after a second; if it was never sent, send it.",
    ),
    "NOT_FOUND": ("There is nothing at this address.", "Check the path."),
    "METHOD": ("This address does not take this method.", "See the methods named."),
    "MEDIA_TYPE": (
        "The body's type is not one that this address takes.",
        "Send application/json, or application/x-ndjson.",
    ),
    "HTTP": (
        "The request is not HTTP/1.1 as this exchange reads it.",
        "Send one length, no odd characters in names, and a known method; see RFC 9112.",
    ),
    "HEADERS_TOO_LARGE": (
        "The request line or a header is too long, or there are too many headers.",
        "Keep each to 4 KiB, and to 64 headers; what is long belongs into the body.",
    ),
    "TIMEOUT": ("The body did not come in time.", "Send smaller batches over a slow link."),
    "OVERLOADED": (
        "The registry is behind, so no receipt could be kept.",
        "Nothing was stored: send the same again after Retry-After.",
    ),
    "OUTCOME_UNKNOWN": (
        "It is not known whether the message was stored.",
        "Send the same message again: a repeat is harmless.",
    ),
    "UNAVAILABLE": ("A part of the exchange does not answer.", "Send the same again after Retry-After."),
    "TAMPERED": ("Evidence contradicts itself.", "The operator has to look; nothing can be done from outside."),
    "FAULT": ("This program has a fault.", "The operator sees it in the diagnostics; the same again may fail again."),
    "UNOPENABLE": (
        "The receiver could not open a sealed part.",
        "Seal again to the receiver's keys in the directory, as a new message.",
    ),
    "COMMITMENT": ("A part's content is not what its sender committed to.", "Seal and sign again, as a new message."),
}
