"""The table of the HTTP interface: what may be asked, with what, what is answered. Without the console's pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pydantic import BaseModel

from hifadhi.hub import query
from hifadhi.hub.query import Number
from hifadhi.hub.reference import answers
from hifadhi.hub.reference.media import BYTES, CSS, HTML, JSON, NDJSON, TEXT
from hifadhi.referral.closed import UUID7

Body = type[BaseModel] | None
"""None: text or bytes that no schema describes."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path.

    `gives`: by status, by media type. `codes`: of the problems that this operation itself may answer with.
    `query`: numbers, by name. `place`: the pattern of the path's one parameter, if it has one that is no number.
    """

    method: str
    path: str
    says: str
    gives: Mapping[int, Mapping[str, Body]]
    codes: Sequence[str] = ()
    takes: Mapping[str, Body] = field(default_factory=dict)
    query: Mapping[str, Number] = field(default_factory=dict)
    flags: Sequence[str] = ()
    place: Mapping[str, str | Number] = field(default_factory=dict)
    secured: bool = False


# Of everything that is posted, in the order of `wire.md` §2.
_REFUSALS: Final = (
    *("TOO_LARGE", "BAD_ENCODING", "NOT_JSON", "DUPLICATE_KEY", "TOO_DEEP", "FORMAT_UNKNOWN", "TYPE_UNKNOWN", "SCHEMA"),
    *("ALGORITHM", "KEY_UNKNOWN", "KEY_NOT_VALID", "SENDER_MISMATCH", "SIGNATURE", "NOT_YOUR_ROLE"),
    *("ADDRESSEE_UNKNOWN", "ARRANGEMENT_UNKNOWN", "RULES_UNKNOWN", "READER_UNKNOWN"),
    *("PART_MISSING", "PART_SURPLUS", "PART_DIGEST", "SENT_IN_FUTURE"),
    *("MEDIA_TYPE", "TIMEOUT", "OVERLOADED", "OUTCOME_UNKNOWN"),
)
_READS: Final = ("TOKEN", "SCHEMA", "UNAVAILABLE")
_ID: Final = {"id": f"^{UUID7}$"}

OPERATIONS: Final = (
    Operation(
        "post",
        "/v1/messages",
        "Send one message, or a batch of up to 500, one on each line. A batch is answered line by line, in order, each "
        'with `{"status": 202, "id", "digest"}` or a problem; the last line holds the receipt over the accepted.',
        gives={200: {NDJSON: None}, 202: {JSON: answers.Accepted}},
        takes={JSON: answers.Message, NDJSON: None},
        codes=_REFUSALS,
    ),
    Operation(
        "get",
        "/v1/messages/{id}",
        "What became of a message, to its sender, addressees and readers; it may be waited for.",
        gives={200: {JSON: answers.MessageStatus}},
        codes=(*_READS, "NOT_SEALED_YET"),
        query={"wait": query.WAIT_S},
        place=_ID,
        secured=True,
    ),
    Operation(
        "get",
        "/v1/inbox",
        "The agency's items after an index, in the ledger's order; an empty inbox may be waited on. Asking for what is "
        "after an index says that one has all before it; with `look=1` it says nothing.",
        gives={200: {JSON: answers.InboxPage}},
        codes=_READS,
        query={"after": query.AFTER, "limit": query.LIMIT, "wait": query.WAIT_S, "look": query.YES},
        secured=True,
    ),
    Operation(
        "get",
        "/v1/cases/{case}",
        "A case, to its parties: who is responsible, its referrals, its running clocks, what lies over it.",
        gives={200: {JSON: answers.CaseView}},
        codes=(*_READS, "NOT_YOURS"),
        place={"case": f"^{UUID7}$"},
        secured=True,
    ),
    Operation(
        "get",
        "/v1/directory",
        "The directory's leaves after an index, each proven. Open to everybody.",
        gives={200: {JSON: answers.DirectoryPage}},
        codes=("SCHEMA", "NOT_FOUND", "UNAVAILABLE"),
        query={"after": query.AFTER},
    ),
    Operation(
        "get",
        "/v1/proofs/{index}",
        "The inclusion proof of one leaf in the newest checkpoint's tree (C2SP tlog-proof). Open to everybody.",
        gives={200: {TEXT: None}},
        codes=("SCHEMA", "NOT_FOUND", "UNAVAILABLE"),
        place={"index": query.INDEX},
    ),
    Operation(
        "get",
        "/ledger/checkpoint",
        "The newest signed checkpoint (C2SP tlog-checkpoint). Open to everybody.",
        gives={200: {TEXT: None}},
        codes=("NOT_FOUND", "UNAVAILABLE"),
    ),
    Operation(
        "get",
        "/ledger/{path}",
        "A tile of the ledger (C2SP tlog-tiles): hashes are open to everybody; entries need a token of an agency of "
        "the role auditor or detection. The path's slashes stand as they are.",
        gives={200: {BYTES: None}},
        codes=("TOKEN", "NOT_YOUR_ROLE", "NOT_FOUND", "UNAVAILABLE"),
        place={"path": r"^tile/(entries|[0-9]+)(/x[0-9]{3})*/[0-9]{3}(\.p/[0-9]+)?$"},
    ),
    Operation(
        "get",
        "/problems/{code}",
        "What the code of a problem means and how to mend it.",
        gives={200: {HTML: None}},
        codes=("NOT_FOUND",),
        place={"code": "^[A-Z_]+$"},
    ),
    Operation("get", "/v1/openapi.json", "This document.", gives={200: {JSON: None}}),
    Operation(
        "get",
        "/v1/asyncapi.json",
        "What stands in the topics (AsyncAPI 3.1), for whoever reads from Kafka.",
        gives={200: {JSON: None}},
    ),
    Operation("get", "/v1/reference", "Both documents as a page to read.", gives={200: {HTML: None}}),
    Operation("get", "/v1/reference.css", "How that page looks.", gives={200: {CSS: None}}),
    Operation("get", "/livez", "Whether the process runs.", gives={200: {JSON: answers.Alive}}),
    Operation(
        "get",
        "/readyz",
        "Whether its services work; with `verbose`, what is wrong.",
        gives={200: {JSON: answers.Ready}, 503: {JSON: answers.Ready}},
        flags=("verbose",),
    ),
    Operation("get", "/metrics", "What Prometheus reads.", gives={200: {TEXT: None}}),
)
