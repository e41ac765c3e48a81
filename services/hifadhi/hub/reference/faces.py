"""The documents at their own addresses, and the page made of them. Open to everybody: they say nothing of anybody."""

from importlib.resources import files

from aiohttp import web

from hifadhi.hub.reference.media import CSS, HTML

_FOR_AN_HOUR = {"Cache-Control": "public, max-age=3600"}


def routes() -> list[web.RouteDef]:
    """The paths that they are served at."""
    return [
        web.get("/v1/openapi.json", _openapi),
        web.get("/v1/asyncapi.json", _asyncapi),
        web.get("/v1/reference", _page),
        web.get("/v1/reference.css", _style),
        web.get("/problems/{code}", _problem),
    ]


# What makes the documents is loaded when it is asked for: most processes never are.


async def _openapi(_request: web.Request) -> web.Response:
    from hifadhi.hub.reference import openapi  # noqa: PLC0415

    return web.json_response(openapi.document())


async def _asyncapi(_request: web.Request) -> web.Response:
    from hifadhi.hub.reference import asyncapi  # noqa: PLC0415

    return web.json_response(asyncapi.document())


async def _page(_request: web.Request) -> web.Response:
    from hifadhi.hub.reference.page import page  # noqa: PLC0415

    return _compressed(page(), HTML)


async def _problem(request: web.Request) -> web.Response:
    from hifadhi.hub.reference.page import problem  # noqa: PLC0415

    return _compressed(problem(request.match_info["code"]), HTML)


async def _style(_request: web.Request) -> web.Response:
    text = files("hifadhi.hub.reference").joinpath("static", "reference.css").read_text(encoding="utf-8")
    return _compressed(text, CSS)


def _compressed(text: str, media: str) -> web.Response:
    response = web.Response(text=text, content_type=media, charset="utf-8", headers=_FOR_AN_HOUR)
    response.enable_compression()
    return response
