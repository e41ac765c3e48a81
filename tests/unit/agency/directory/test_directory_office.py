from typing import Any

import pytest
from aiohttp import web

from hifadhi.agency.composing.compose import Message
from hifadhi.agency.directory.directory_office import DirectoryOffice
from hifadhi.agency.directory.enrolment import Enrolment, new_agency
from hifadhi.agency.directory.governance import Governance
from hifadhi.agency.home.journal import Journal
from hifadhi.agency.home.keyring import Keyring
from hifadhi.agency.sending import doubt
from hifadhi.errors import Fault, Refused, Unavailable
from unit.agency.conftest import QUICK
from unit.agency.small_hub import SmallHub


def request_of(keyring: Keyring) -> Enrolment:
    return Enrolment.parse((keyring.home / "request.json").read_bytes())


def office_at(hub: SmallHub, wait_s: float = 5.0) -> DirectoryOffice:
    return DirectoryOffice(hub.root, hub.base_url, wait_s=wait_s, patience=QUICK)


async def test_an_agency_is_admitted_with_its_keys(
    hub: SmallHub, homes: dict[str, Keyring], office: Governance
) -> None:
    keyring = homes["MZ-INAR"]
    async with office_at(hub) as directory:
        await directory.admit(request_of(keyring), office)
        known = directory.known.directory
    assert known.agencies["MZ-INAR"].country == "MOZ"
    assert {key.use for key in known.keys.values() if key.agency == "MZ-INAR"} == {
        "identity",
        "sign",
        "countersign",
        "read",
    }
    assert known.reading_keys("MZ-INAR") == (keyring.read[0].public,)


async def test_admitting_goes_on_where_it_stopped(hub: SmallHub, homes: dict[str, Keyring], office: Governance) -> None:
    take = hub.take

    def only_the_first(raw: bytes) -> tuple[int, dict[str, Any]]:
        return take(raw) if len(hub.posts) < 2 else (503, {})

    hub.take = only_the_first  # type: ignore[method-assign]
    async with office_at(hub) as directory:
        with pytest.raises(Unavailable):
            await directory.admit(request_of(homes["MZ-INAR"]), office)
    hub.take = take  # type: ignore[method-assign]
    async with office_at(hub) as directory:
        await directory.admit(request_of(homes["MZ-INAR"]), office)
        await directory.admit(request_of(homes["MZ-INAR"]), office)
    assert len(hub.leaves) == 4


async def test_a_gateway_that_has_not_heard_of_the_identity_key_yet_is_asked_again(
    hub: SmallHub, homes: dict[str, Keyring], office: Governance
) -> None:
    take, refused = hub.take, list[bytes]()
    held = hub.fold.directory

    def behind(raw: bytes) -> tuple[int, dict[str, Any]]:
        if b"key.added" in raw or refused or not hub.leaves:
            return take(raw)
        refused.append(raw)
        ahead, hub.fold.directory = hub.fold.directory, held
        answer = take(raw)
        hub.fold.directory = ahead
        return answer

    hub.take = behind  # type: ignore[method-assign]
    async with office_at(hub) as directory:
        await directory.admit(request_of(homes["MZ-INAR"]), office)
    assert len(refused) == 1
    assert len(hub.leaves) == 4


async def test_one_id_is_not_admitted_under_two_keys(
    hub: SmallHub, admitted: dict[str, Keyring], office: Governance, tmp_path: Any
) -> None:
    another = new_agency(tmp_path / "x", "MZ-INAR", name="x", country="MOZ", roles=["state"], utc_offset="+02:00")
    async with office_at(hub) as directory:
        with pytest.raises(Refused, match="NOT_ALLOWED_NOW"):
            await directory.admit(request_of(another), office)
    assert hub.posts == []
    assert "MZ-INAR" in admitted


async def test_governance_and_the_agency_itself_can_revoke_a_key(
    hub: SmallHub, admitted: dict[str, Keyring], office: Governance
) -> None:
    keyring = admitted["MZ-INAR"]
    journal = Journal(keyring.home / "identity-journal.json")
    async with office_at(hub) as directory:
        await directory.revoke(keyring.read[0].kid, office)
        await directory.revoke_own(keyring.sign.kid, keyring.identity, journal)
        keys = directory.known.directory.keys
        assert keys[keyring.read[0].kid].revoked
        assert keys[keyring.sign.kid].revoked
        with pytest.raises(Refused, match="NOT_ALLOWED_NOW"):
            await directory.revoke(keyring.sign.kid, office)
        with pytest.raises(Refused, match="KEY_UNKNOWN"):
            await directory.revoke("A" * 43, office)
    assert journal.reload().last == 4


async def test_a_statement_that_is_not_sealed_in_time_is_unavailable(
    hub: SmallHub, homes: dict[str, Keyring], office: Governance
) -> None:
    hub.seal = lambda *_: None  # type: ignore[method-assign]
    async with office_at(hub, wait_s=0.05) as directory:
        with pytest.raises(Unavailable, match="run this again"):
            await directory.admit(request_of(homes["MZ-INAR"]), office)


async def test_a_statement_whose_repeat_is_refused_is_found_in_the_directory(
    hub: SmallHub, admitted: dict[str, Keyring]
) -> None:
    """A key revokes itself, the answer is lost, and the repeat is by a key that is not valid any more."""
    keyring = admitted["MZ-INAR"]
    journal = Journal(keyring.home / "identity-journal.json")
    async with office_at(hub) as directory:
        await directory.read()

        def lost(request: web.Request, response: web.Response) -> web.Response:
            if request.method != "POST":
                hub.after.append(lost)
                return response
            assert request.transport is not None
            request.transport.close()
            return web.Response()

        hub.after = [lost]
        await directory.revoke_own(keyring.identity.kid, keyring.identity, journal)
        assert directory.known.directory.keys[keyring.identity.kid].revoked
    assert (len(hub.posts), journal.reload().pending, journal.entries.free) == (2, (), ())


async def test_an_office_tells_that_a_statement_that_it_had_kept_was_refused(
    hub: SmallHub, admitted: dict[str, Keyring], office: Governance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doubt, "UNDER_WAY_S", -hub.root.max_delay_s)
    take = hub.take

    def refuses(raw: bytes) -> tuple[int, dict[str, Any]]:
        refusal = Refused(Fault("KEY_NOT_VALID", "/header/signatures/0/protected", "this key was revoked"))
        return 403, hub.refusal(refusal, Message.parse(raw).digest)

    async with office_at(hub) as directory:
        for answer, error in ((lambda _: (503, {}), Unavailable), (refuses, Refused)):
            hub.take = answer  # type: ignore[method-assign]
            with pytest.raises(error, match=r"no answer|503|an earlier statement"):
                await directory.suspend("MZ-INAR", office)
        hub.take = take  # type: ignore[method-assign]
        await directory.suspend("MZ-INAR", office)
        assert "MZ-INAR" in directory.known.directory.suspended
    assert admitted
