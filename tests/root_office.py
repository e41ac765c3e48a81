"""Governance and the hub's holders in the tests: they change the root, and with it their keys."""

from typing import Any

from cast import Body, Cast, payload_of
from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hub_client import HubClient


def keys(count: int) -> list[PrivateJwk]:
    return [PrivateJwk.generate("Ed25519") for _ in range(count)]


class Office:
    """Governance and the hub's holders: their keys now and next."""

    def __init__(self, cast: Cast) -> None:
        self.cast, self.version = cast, 0
        self.governance, self.ledger, self.gateway = cast.governance, cast.ledger, cast.gateway
        self.root: Body = strict_json.parse((cast.folder / "root.json").read_bytes())

    def rotation(
        self,
        *,
        governance: list[PrivateJwk] | None = None,
        ledger: list[PrivateJwk] | None = None,
        gateway: list[PrivateJwk] | None = None,
        by: list[PrivateJwk] | None = None,
        **changed: Any,
    ) -> Body:
        """The statement, signed by two of the old and two of the new, or by these."""
        next_ones = governance or self.governance
        document = {
            **self.root,
            "governance": {"keys": [key.public.as_dict() for key in next_ones], "threshold": 2},
            "hub": {
                "ledger": [key.public.as_dict() for key in ledger or [self.ledger]],
                "gateway": [key.public.as_dict() for key in gateway or [self.gateway]],
            },
            **{name: value for name, value in changed.items() if name != "version"},
        }
        signers = by or list({key.kid: key for key in (*self.governance[:2], *next_ones[:2])}.values())
        version = changed.get("version", self.version + 1)
        return self.cast.statement("governance.rotated", *signers, version=version, root=document)

    def took_over(self, governance: list[PrivateJwk], body: Body) -> None:
        self.root, self.governance = payload_of(body)["root"], governance
        self.version += 1

    def put(self, ledger: PrivateJwk, gateway: PrivateJwk) -> None:
        """The hub's key files are exchanged; it is started with them next time."""
        self.ledger, self.gateway = ledger, gateway
        (self.cast.folder / "ledger.jwk").write_bytes(strict_json.dump(ledger.as_dict()))
        (self.cast.folder / "gateway.jwk").write_bytes(strict_json.dump(gateway.as_dict()))


async def statements(hub: HubClient) -> int:
    return len((await hub.get("/v1/directory")).body["data"])


async def rotated(hub: HubClient, office: Office, governance: list[PrivateJwk], body: Body) -> None:
    known = await statements(hub)
    assert (await hub.post(body)).status == 202
    await hub.directory_has(known + 1)
    office.took_over(governance, body)
