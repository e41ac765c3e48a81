"""Posts directory statements, and waits until the verified directory shows them.

Each step looks first whether it has been done: an office that stopped half-way is simply started again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final, Self

from hifadhi.agency.composing.compose import Message, Sealed, header_of
from hifadhi.agency.directory.enrolment import Enrolment, adding, key_of
from hifadhi.agency.directory.governance import Governance, admitted, published, revoked, suspended
from hifadhi.agency.directory.renewal import rotation
from hifadhi.agency.home.journal import Journal
from hifadhi.agency.known.known_directory import KnownDirectory
from hifadhi.agency.known.latest_checkpoint import LatestCheckpoint
from hifadhi.agency.sending.outbox import Outbox
from hifadhi.agency.wire.exchange import Exchange, Ruling
from hifadhi.agency.wire.receipt import Rejection
from hifadhi.agency.wire.transport import Patience, Transport
from hifadhi.errors import Fault, Refused, Unavailable
from hifadhi.evidence import leaf
from hifadhi.evidence.jwk import Jwk, PrivateJwk
from hifadhi.referral.codes.list_file import CodeListFile
from hifadhi.referral.directory import Directory, PublishedList
from hifadhi.referral.directory_changes import objection
from hifadhi.referral.header import GOVERNANCE
from hifadhi.referral.root import Root

POLL_S: Final = 0.05


class DirectoryOffice:
    """The directory of one exchange, read and written from outside of it. `wait_s`: for each statement to be sealed."""

    def __init__(self, root: Root, base_url: str, *, wait_s: float = 30.0, patience: Patience | None = None) -> None:
        self._wait_s = wait_s
        self._transport = Transport(base_url, patience=patience)
        self.known = KnownDirectory(root, LatestCheckpoint(root))
        self._exchange = Exchange(self._transport, self.known)

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._transport.__aexit__(*raised)

    async def read(self) -> Directory:
        """The verified directory as it is now."""
        await self.known.read_on(self._exchange.directory)
        return self.known.directory

    async def admit(self, enrolment: Enrolment, governance: Governance) -> None:
        """The agency is in, with its keys. Refused: NOT_ALLOWED_NOW, and what the gateway refuses."""
        directory, identity = await self.read(), enrolment.identity.kid
        here = directory.keys.get(identity)
        if here is None or here.agency != enrolment.agency:
            await self._by_governance(admitted(enrolment), governance)
            await self._until(lambda known: identity in known.keys)
        for added in enrolment.keys:
            await self._post(added)
        kids = {key_of(added).kid for added in enrolment.keys}
        await self._until(lambda known: kids <= known.keys.keys())

    async def add_own(self, agency: str, use: str, key: Jwk, identity: PrivateJwk, journal: Journal) -> None:
        """The key is the agency's, by its identity key, which is given with its journal. Refused as by `revoke`."""
        if key.kid not in (await self.read()).keys:
            await self._sealed(adding(agency, use, key), journal, (identity,))
            await self._until(lambda known: key.kid in known.keys)

    async def revoke(self, kid: str, governance: Governance, *, invalid_since: str | None = None) -> None:
        """The key is revoked, by governance. Refused: KEY_UNKNOWN, NOT_ALLOWED_NOW."""
        agency = await self._owner(kid)
        statement = revoked(kid, agency, sender=GOVERNANCE, invalid_since=invalid_since)
        await self._by_governance(statement, governance)
        await self._until(lambda known: known.keys[kid].revoked)

    async def revoke_own(
        self, kid: str, identity: PrivateJwk, journal: Journal, *, invalid_since: str | None = None
    ) -> None:
        """The key is revoked, by its agency, whose identity key is given with its journal."""
        agency = await self._owner(kid)
        statement = revoked(kid, agency, sender=agency, invalid_since=invalid_since)
        await self._sealed(statement, journal, (identity,))
        await self._until(lambda known: known.keys[kid].revoked)

    async def suspend(self, agency: str, governance: Governance, *, lifted: bool = False) -> None:
        """The agency is suspended, or no longer. Refused: NOT_ALLOWED_NOW."""
        await self.read()
        await self._by_governance(suspended(agency, lifted=lifted), governance)
        await self._until(lambda known: (agency in known.suspended) != lifted)

    async def publish_codes(self, codes: CodeListFile, digest: str, governance: Governance) -> None:
        """The directory names this version of the list. Refused: NOT_ALLOWED_NOW, if it names this or a higher one."""
        await self.read()
        await self._by_governance(published(codes, digest), governance)
        newest = PublishedList(codes.version, digest)
        await self._until(lambda known: known.code_lists.get(codes.name) == newest)

    async def rotate(self, root: Root, old: Governance, new: Governance) -> None:
        """This root is in force, signed by keys of the old folder and of the new one. Refused: THRESHOLD and others."""
        now = await self.read()
        signers = {key.kid: key for key in (*old.signers(now.root), *new.signers(root))}
        said, first = rotation(root, now.rotations + 1), next(iter(signers.values()))
        await self._sealed(said, old.journal(first), tuple(signers.values()))
        await self._until(lambda known: known.root == root)

    async def _by_governance(self, statement: Sealed, governance: Governance) -> None:
        signers = governance.signers(self.known.directory.root)
        await self._sealed(statement, governance.journal(signers[0]), signers)

    async def _owner(self, kid: str) -> str:
        key = (await self.read()).keys.get(kid)
        if key is None:
            raise Refused(Fault("KEY_UNKNOWN", "", "the directory does not know this key"))
        return key.agency

    async def _sealed(self, statement: Sealed, journal: Journal, keys: Sequence[PrivateJwk]) -> None:
        code = objection(self.known.directory, header_of(statement))
        if code:
            raise Refused(Fault(code, "", "this does not fit the directory as it stands; see `hifadhi directory show`"))
        outbox = Outbox(journal, keys, self._exchange, sealed=self._recorded)
        for earlier in await outbox.flush():
            if isinstance(earlier, Rejection):
                raise _refused_later(earlier)
        await outbox.send(statement)

    async def _recorded(self, message: Message, wait_s: int) -> Ruling | None:
        """Of a statement in doubt: an office has no access token, and the directory itself is open and proven."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        while True:
            await self.read()
            index = self.known.index_of(message.digest)
            if index is not None:
                return Ruling(message.id, message.digest, leaf.RECORDED, index, None, ())
            if loop.time() >= deadline:
                return None
            await asyncio.sleep(POLL_S)

    async def _post(self, added: Message) -> None:
        """Posts an agency's own statement as it signed it. The gateway may hear of its identity key a moment later."""
        kid = key_of(added).kid

        async def posted(known: Directory) -> bool:
            if kid in known.keys:
                return True
            answer = await self._exchange.post(added)
            if isinstance(answer, Rejection) and answer.refusal.code != "KEY_UNKNOWN":
                raise answer.refusal
            return not isinstance(answer, Rejection)

        await self._until_awaited(posted)

    async def _until(self, holds: Callable[[Directory], bool]) -> None:
        async def held(known: Directory) -> bool:
            return holds(known)

        await self._until_awaited(held)

    async def _until_awaited(self, holds: Callable[[Directory], Awaitable[bool]]) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._wait_s
        while not await holds(await self.read()):
            if loop.time() > deadline:
                raise Unavailable(f"posted, but not in the directory after {self._wait_s:.0f} seconds; run this again")
            await asyncio.sleep(POLL_S)


def _refused_later(earlier: Rejection) -> Refused:
    says = "an earlier statement, kept until it could be posted, was refused; see to it, and run this again: "
    return Refused(*(replace(fault, message=says + fault.message) for fault in earlier.refusal.faults))
