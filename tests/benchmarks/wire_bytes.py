"""What a message costs on the line: the posted request and its receipt, to the body that is told."""

from pathlib import Path

from aiohttp import web

from benchmarks.acceptances import Asked, body, directory_of
from benchmarks.figure import Figure
from cast import Cast, now_ms, uuid7
from hifadhi.evidence import strict_json
from hifadhi.hub.gateway import reception
from hifadhi.hub.gateway.notices import Notary
from hifadhi.stream.port import Appended


async def measure(folder: Path, _raw: float) -> list[Figure]:
    """`wire_bytes`, without the headers that HTTP adds: about 500 bytes, shared by a batch."""
    cast = Cast(folder)
    directory = directory_of(cast, [posted for stage in cast.admissions() for posted in stage])
    message = Asked(uuid7(), uuid7()).accepted(cast, directory, 1)
    receipt = Notary(cast.gateway, cast.root.origin).receipt(reception.read(message.line), Appended(10_000, now_ms()))
    answer = web.json_response({"receipt": receipt}).body
    assert isinstance(answer, bytes)
    sealed = len(strict_json.dump(body()))
    wire = len(message.line) + len(answer)
    return [Figure("wire_bytes", wire, "bytes", wire / sealed, f"the body's {sealed} bytes")]
