"""Changes of valid inputs that keep enough of their shape to get past the first check.

JSON is changed as a tree, and so is JSON inside base64url and JSON inside a string of JSON; text by its lines; all by
its bytes.
"""

import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random
from typing import Any, Final

from hifadhi.errors import Refused
from hifadhi.evidence import b64u

Change = Callable[[bytes, Random], bytes]

_EDGES: Final[Sequence[Any]] = (
    *(None, True, False, "", "\x00", "a\ud800", "\u202e", "é", "e\u0301", "A" * 43, "a=", "0" * 300, "=", "."),
    *(0, -1, 1, 2**31, 2**53 - 1, 2**53, 2**63, 2**64, 10**17, 1.5, -0.0, float("nan"), float("inf")),
    *([], {}, [[]], {"": ""}, [{}], "GOVERNANCE", "ZA-DHA", "ES256", "none", "0192f000-0000-7000-8000-000000000000"),
)
_BYTES: Final[Sequence[bytes]] = (
    *(b"", b"\x00", b"\n", b"\r\n", b"\n\n", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\x94 ", b"\xef\xbb\xbf", b" ", b"\t"),
    *(b"{", b"}", b"[", b"]", b'"', b"\\", b"\\u0000", b"\\ud800", b",", b":", b"=", b"-", b"+", b"/", b"%00", b"%"),
    *(b"0", b"-0", b"1e999", b"9" * 20, b"9223372036854775808", b"NaN", b"x000/", b".p/256", b"../", b"&", b"wait="),
)
_MOST_DEEP: Final = 40


def mutated(seeds: Sequence[bytes], random: Random) -> bytes:
    """One of the seeds, changed once or a few times."""
    raw = random.choice(seeds)
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        raw = random.choice(CHANGES)(raw, random)
    return raw


def _of_tree(raw: bytes, random: Random) -> bytes:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return _of_bytes(raw, random)
    # surrogates that stand alone are written as escapes, which is how they come over the wire
    return json.dumps(_changed(value, random), ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")


def _changed(value: Any, random: Random, depth: int = 0) -> Any:
    """The value with a change somewhere in it, at each step down with the same chance."""
    if depth < _MOST_DEEP and isinstance(value, dict | list) and value and random.random() < 0.8:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = random.choice(keys)
        copied: Any = dict(value) if isinstance(value, dict) else list(value)
        if random.random() < 0.1:
            del copied[key]
        elif random.random() < 0.1:
            return _joined(copied, value[key], random)
        else:
            copied[key] = _changed(value[key], random, depth + 1)
        return copied
    if isinstance(value, str) and value and random.random() < 0.7:
        return _of_text(value, random)
    if type(value) is int and random.random() < 0.5:
        return value + random.choice((-1, 1, 255, 256, -value, 2**32))
    return random.choice(_EDGES)


def _joined(holder: Any, value: Any, random: Random) -> Any:
    if isinstance(holder, dict):
        return {**holder, random.choice(("x", "", "__proto__", "a\ud800", "format", "d")): value}
    return [*holder, value] * random.choice((1, 2, 40))


def _of_text(text: str, random: Random) -> str:
    """A text, or what is JSON or base64url in it, changed."""
    if text[0] in "{[":
        return _of_tree(text.encode("utf-8", "surrogatepass"), random).decode("utf-8", "replace")
    pieces = text.split(".")
    at = random.randrange(len(pieces))
    try:
        inner = b64u.decode(pieces[at])
    except Refused:
        return _of_bytes(text.encode("utf-8", "surrogatepass"), random).decode("utf-8", "replace")
    pieces[at] = b64u.encode((_of_tree if inner[:1] in b"{[" and inner else _of_bytes)(inner, random))
    return ".".join(pieces)


def _of_bytes(raw: bytes, random: Random) -> bytes:
    """Bytes replaced, put in, cut out, doubled or cut off."""
    start, end = sorted((random.randint(0, len(raw)), random.randint(0, len(raw))))
    some = min(end, start + random.choice((0, 1, 1, 1, 4, 32)))
    kind = random.randrange(6)
    if kind == 0:
        return raw[:start] + random.choice(_BYTES) + raw[some:]
    if kind == 1:
        return raw[:start] + random.randbytes(some - start) + raw[some:]
    if kind == 2:
        return raw[:start] + raw[some:]
    if kind == 3:
        return raw[:end] + raw[start:]
    if kind == 4 and raw:
        at = random.randrange(len(raw))
        return raw[:at] + bytes([raw[at] ^ 1 << random.randrange(8)]) + raw[at + 1 :]
    return raw[:end]


def _of_lines(raw: bytes, random: Random) -> bytes:
    """A line doubled, dropped, swapped or changed."""
    lines = raw.split(b"\n")
    at = random.randrange(len(lines))
    kind = random.randrange(4)
    if kind == 0:
        lines.insert(at, random.choice(lines))
    elif kind == 1:
        del lines[at]
    elif kind == 2:
        lines[at] = random.choice((_of_bytes, _of_tree, _in_text))(lines[at], random)
    else:
        random.shuffle(lines)
    return b"\n".join(lines)


def _in_text(raw: bytes, random: Random) -> bytes:
    text = raw.decode("utf-8", "replace")
    return _of_text(text, random).encode("utf-8", "surrogatepass") if text else raw


def _twice_a_key(raw: bytes, random: Random) -> bytes:
    """A member of some object written twice, which no tree can say."""
    commas = [at for at, pair in enumerate(pairwise(raw)) if bytes(pair) == b',"']
    if not commas:
        return _of_bytes(raw, random)
    at = random.choice(commas)
    end = raw.find(b",", at + 1)
    return raw[:at] + raw[at : end if end > 0 else at] + raw[at:]


CHANGES: Final[Sequence[Change]] = (_of_tree, _of_tree, _of_bytes, _of_lines, _in_text, _twice_a_key)
