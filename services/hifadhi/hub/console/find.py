"""From an id to the page that shows it."""

from typing import Final

from aiohttp import web

from hifadhi.errors import Fault, Refused
from hifadhi.hub.console import query
from hifadhi.referral.closed import is_uuid7
from hifadhi.store.port import Store

_NOWHERE: Final = "The ledger knows no referral and no message of this id."


async def find(store: Store, request: web.Request) -> web.Response:
    """To the page of a referral, or of the referral or case that a message concerns; `Refused` where there is none."""
    wanted = request.query.get("id", "").strip().lower()
    if not is_uuid7(wanted):
        raise Refused(Fault("NOT_FOUND", "/id", _NOWHERE))
    async with store.read() as db:
        found = await query.message(db, wanted)
    if found is None:
        raise Refused(Fault("NOT_FOUND", "/id", _NOWHERE))
    if found["referral"] is None and found["case"] is not None:
        raise web.HTTPSeeOther(f"/console/cases/{found['case']}#entry-{found['index']}")
    if found["referral"] is None:
        said = f"This message is entry {found['index']} of the ledger, {found['type']}: it concerns no case."
        raise Refused(Fault("NOT_FOUND", "/id", said))
    raise web.HTTPSeeOther(f"/console/referrals/{found['referral']}#entry-{found['index']}")
