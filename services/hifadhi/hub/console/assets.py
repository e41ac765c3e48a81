"""Stylesheet, script and icon of the pages. Their addresses have their digest: another file is another address."""

from hashlib import sha256
from importlib.resources import files
from typing import Final

from aiohttp import web

from hifadhi.hub.console.loopback import Handler

_IMMUTABLE: Final = {"Cache-Control": "public, max-age=31536000, immutable"}
_TYPES: Final = {"console.css": "text/css", "live.js": "text/javascript", "icon.svg": "image/svg+xml"}
_FILES: Final = {name: files("hifadhi.hub.console").joinpath("static", name).read_bytes() for name in _TYPES}
ADDRESSES: Final = {
    name: f"/console/static/{name}?v={sha256(content).hexdigest()[:12]}" for name, content in _FILES.items()
}


def pages() -> list[tuple[str, Handler]]:
    """A path and its handler for each."""
    return [(f"/console/static/{name}", _file(name)) for name in _FILES]


def _file(name: str) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        response = web.Response(body=_FILES[name], content_type=_TYPES[name], charset="utf-8", headers=_IMMUTABLE)
        response.enable_compression()
        return response

    return answer
