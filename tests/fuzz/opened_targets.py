"""What lies open at a reader's: bodies, held against their schemas and the rules of the edge."""

from collections.abc import Iterator
from typing import Any, Final

from cast import ROLES
from fuzz.target import Target
from hifadhi.errors import Fault, HifadhiError, Refused
from hifadhi.evidence import plaintext, strict_json
from hifadhi.referral import edge, parts
from hifadhi.referral.closed import Closed
from hifadhi.referral.edge.opened import Opened
from hifadhi.referral.faults import MOST_FAULTS
from hifadhi.referral.part_names import PARTS
from schema_examples import accepted_body, examples

Json = dict[str, Any]
COUNTRIES: Final = {name: country for name, (country, roles, _) in ROLES.items() if "state" in roles}
STATES: Final = ("MZ-INAR", "ZA-DHA", "TZ-RSD")


def bodies(raw: bytes) -> None:
    """Those of a message, and what its reader knows of the case. Whatever is wrong is told in few words."""
    said = strict_json.members(strict_json.parse(raw), ("type", "from", "to", "bodies", "earlier"))
    try:
        opened = _opened(said)
        edge.check_body(str(said["type"]), opened)
    except Refused as refusal:
        if len(refusal.faults) > MOST_FAULTS:
            raise AssertionError("more faults than anybody reads") from refusal
        raise
    assert {name: parts.as_json(body) for name, body in opened.bodies.items()} == said["bodies"]


def _opened(said: Json) -> Opened:
    sender, to = str(said["from"]), tuple(map(str, said["to"] if isinstance(said["to"], list) else ()))
    open_now = read(str(said["type"]), object_of(said["bodies"]))
    earlier = tuple(parts.body(schema, document) for schema, document in object_of(said["earlier"]).items())
    return Opened(sender, dict.fromkeys(open_now, (sender, *to)), open_now, COUNTRIES, earlier, frozenset())


def read(message_type: str, documents: Json) -> dict[str, Closed]:
    return {
        name: parts.body(f"{message_type}.{name}/1", document, pointer=f"/{name}")
        for name, document in documents.items()
    }


def object_of(value: object) -> Json:
    if not isinstance(value, dict):
        raise Refused(Fault("SCHEMA", "", "must be an object"))
    return value


def _message(message_type: str) -> bytes:
    """One with the examples of its type: with all parts, or if no examples fit each other with its content."""
    fitting, *_ = filter(_is_taken, _candidates(message_type))
    return fitting


def _candidates(message_type: str) -> Iterator[bytes]:
    found = {name: _example(f"{message_type}.{name}/1") for name in PARTS[message_type]}
    for chosen in (found, {name: found[name] for name in found if name == "content"}):
        for sender in STATES:
            said = {"type": message_type, "from": sender, "to": ["ZA-DHA"], "bodies": chosen, "earlier": _EARLIER}
            yield strict_json.dump(said)


def _example(schema: str) -> Any:
    urn = f"urn:hifadhi:schema:{schema.replace('/', ':')}"
    return next(one.instance for one in examples("accepted") if one.schema == urn)


def _is_taken(raw: bytes) -> bool:
    try:
        bodies(raw)
    except HifadhiError:
        return False
    return True


_EARLIER: Final = {
    f"{kind}.{name}/1": accepted_body(f"{kind}.{name}/1", slug)
    for kind, name, slug in (
        ("encounter.reported", "content", "girl-found-stranded"),
        ("encounter.reported", "sensitive", "girl-found-stranded"),
        ("transfer.proposed", "content", "by-road-to-ressano-garcia"),
        ("transfer.proposed", "sensitive", "child-with-best-interests"),
    )
}

TARGETS: Final = (Target("bodies", bodies, tuple(map(_message, PARTS)), plaintext.MAX_PLAINTEXT),)
