"""Our three words for errors as HTTP answers (RFC 9457), in one place."""

import json
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from hifadhi.diagnostics import log
from hifadhi.errors import Fault, HifadhiError, Refused, Tampered, Unavailable

CONTENT_TYPE: Final = "application/problem+json"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Headers that even an error page needs: nothing here is framed, sniffed, cached by others or referred from.
SECURITY: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Codes that are not 400. All of them, with their mend, stand on the page that `type` points to.
STATUS: Final = {
    "TOO_LARGE": 413,
    "KEY_UNKNOWN": 403,
    "KEY_NOT_VALID": 403,
    "SENDER_MISMATCH": 403,
    "SIGNATURE": 403,
    "NOT_YOUR_ROLE": 403,
    "TOKEN": 401,
    "NOT_YOURS": 404,
    "NOT_FOUND": 404,
    "NOT_SEALED_YET": 404,
    "MEDIA_TYPE": 415,
    "METHOD": 405,
    "TIMEOUT": 408,
    "HEADERS_TOO_LARGE": 431,
}


UNAVAILABLE: Final = frozenset({"UNAVAILABLE", "OVERLOADED", "OUTCOME_UNKNOWN"})
FAULTS: Final = frozenset({"TAMPERED", "FAULT"})


def status_of(error: HifadhiError) -> int:
    """The HTTP status of an error."""
    if isinstance(error, Refused):
        return STATUS.get(error.code, 400)
    return 503 if isinstance(error, Unavailable) else 500


def status_of_code(code: str) -> int:
    """The HTTP status that a code comes with."""
    if code in UNAVAILABLE:
        return 503
    return 500 if code in FAULTS else STATUS.get(code, 400)


def comes_back(code: str) -> bool:
    """Whether the answer says when to ask again."""
    return code in UNAVAILABLE or code == "NOT_SEALED_YET"


def problem_of(error: HifadhiError, **more: Any) -> dict[str, Any]:  # noqa: ANN401 (JSON members)
    """The problem document of an error: what, where, why, how to mend."""
    code = _code_of(error)
    faults = error.faults if isinstance(error, Refused) else (Fault(code, "", str(error)),)
    return {
        "type": f"/problems/{code}",
        "title": faults[0].message,
        "status": status_of(error),
        "code": code,
        "errors": [{"pointer": f.pointer, "code": f.code, "message": f.message} for f in faults],
        **more,
    }


def answer(error: HifadhiError, **more: Any) -> web.Response:  # noqa: ANN401 (JSON members)
    """The whole response, with `Retry-After` where trying again helps."""
    response = web.Response(
        text=json.dumps(problem_of(error, **more)), status=status_of(error), content_type=CONTENT_TYPE
    )
    if isinstance(error, Unavailable):
        response.headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Refused) and error.code == "NOT_SEALED_YET":
        response.headers["Retry-After"] = "1"
    return response


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns what handlers raise into problem documents; the last resort is logged without a word of the request."""
    try:
        return await handler(request)
    except (Refused, Unavailable) as error:
        return answer(error)
    except Tampered as error:
        log.error("tampered", why=str(error))
        return answer(error)
    except web.HTTPException as error:
        return _of_http(error)
    except Exception as error:  # noqa: BLE001 (the last resort: a bug is told to nobody in its own words)
        where = traceback.extract_tb(error.__traceback__)[-1]
        log.error("a fault in this program", kind=type(error).__name__, file=where.filename, line=where.lineno)
        return answer(HifadhiError("a fault in this program; the operator sees it in the diagnostics"))


def _of_http(error: web.HTTPException) -> web.Response:
    if isinstance(error, web.HTTPNotFound):
        return answer(Refused(Fault("NOT_FOUND", "", "there is nothing at this address; check the path")))
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        response = answer(Refused(Fault("METHOD", "", f"this address takes {allowed}")))
        response.headers["Allow"] = allowed
        return response
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return answer(Refused(Fault("TOO_LARGE", "", "the body is larger than this address takes")))
    raise error  # a redirection, or what a handler answers on purpose


def _code_of(error: HifadhiError) -> str:
    if isinstance(error, Refused | Unavailable):
        return error.code
    return "TAMPERED" if isinstance(error, Tampered) else "FAULT"
