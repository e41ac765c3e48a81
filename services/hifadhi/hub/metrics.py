"""What every service counts for Prometheus, in base units. Labels are routes, codes and names of topics, never ids."""

import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import Final

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, Histogram, generate_latest

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

REQUESTS: Final = Histogram(
    "hifadhi_http_request_duration_seconds",
    "From the first byte read to the answer made; a request that waits for news counts its waiting.",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)


@web.middleware
async def measured(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Counts and times a request under its route; what fits no route is one route more."""
    began = time.perf_counter()
    status = 500
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        resource = request.match_info.route.resource
        route = resource.canonical if resource else "none"
        _of(request.method, route, status).observe(time.perf_counter() - began)
    return response


@lru_cache(maxsize=1024)  # the library makes its label texts anew at every look
def _of(method: str, route: str, status: int) -> Histogram:
    return REQUESTS.labels(method, route, status)


def routes() -> list[web.RouteDef]:
    """The page that Prometheus reads."""
    return [web.get("/metrics", _metrics)]


async def _metrics(_request: web.Request) -> web.Response:
    return web.Response(body=generate_latest(), headers={"Content-Type": CONTENT_TYPE_LATEST})
