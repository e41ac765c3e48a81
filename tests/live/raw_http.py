"""Requests and answers as bytes: what an attacker says, and what comes back."""

import json
import re
from typing import Any, Final

HOST: Final = b"Host: x\r\n"
POST: Final = b"POST /v1/messages HTTP/1.1\r\n" + HOST
JSON: Final = b"Content-Type: application/json\r\n"
NDJSON: Final = b"Content-Type: application/x-ndjson\r\n"
GZIP: Final = b"Content-Encoding: gzip\r\n"


def request(body: bytes, headers: bytes = JSON, *, start: bytes = POST, length: int | None = None) -> bytes:
    """`headers`: whole lines. `length`: what is said of the body, if not the truth."""
    said = len(body) if length is None else length
    return start + headers + b"Content-Length: %d\r\n\r\n" % said + body


def problem_in(answer: bytes) -> Any:
    """The problem document of an answer that is one."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1."), answer[:200]
    assert b"application/problem+json" in head, answer[:400]
    assert b"nosniff" in head
    document, _ = json.JSONDecoder().raw_decode(body.decode())
    assert int(head.split()[1]) == document["status"]
    return document


def statuses(answer: bytes) -> list[int]:
    """Of each answer in what came back."""
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] ([0-9]{3}) [A-Z]", answer)]
