"""Where everybody may be hostile: what a fuzzer changed, signed again by whoever it names.

In JSON, an object `{"said": …, "by": [NAME, …]}` stands for the envelope of what is said, by these `fixed_key`s.
"""

import json
from collections.abc import Collection
from typing import Any

from fuzz import fixed_key
from hifadhi.evidence import jws, strict_json

_MEMBERS = {"said", "by"}


def signed_anew(value: Any) -> Any:
    """The JSON value with its envelopes."""
    if isinstance(value, list):
        return [signed_anew(item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == _MEMBERS and isinstance(value["by"], list):
        keys = [fixed_key.ed25519(str(name)) for name in value["by"]]
        return json.loads(jws.sign(strict_json.dump(value["said"]), typ=jws.MESSAGE, keys=keys).to_bytes())
    return {name: signed_anew(member) for name, member in value.items()}


def file_signed_anew(raw: bytes) -> bytes:
    """The same of a file; one that is signed as it is comes back as it is."""
    return strict_json.dump(signed_anew(strict_json.parse(raw))) if b'"said"' in raw else raw


def unsigned(envelope: bytes, names: Collection[str]) -> dict[str, Any]:
    """What stands for an envelope that some of these have signed."""
    read, by = jws.read_envelope(envelope, typ=jws.MESSAGE), {fixed_key.ed25519(name).kid: name for name in names}
    return {"said": json.loads(read.payload), "by": [by[signature.kid] for signature in read.signatures]}
