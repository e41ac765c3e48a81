"""The document, at its own address."""

from aiohttp import web


def routes() -> list[web.RouteDef]:
    """The path that it is served at."""
    return [web.get("/v1/openapi.json", _shown)]


async def _shown(_request: web.Request) -> web.Response:
    from hifadhi.hub.reference.openapi import document  # noqa: PLC0415 (most processes are never asked for it)

    return web.json_response(document())
