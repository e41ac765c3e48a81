"""A hub in one object, in memory: the true fold, tree and proofs, and a place to make things go wrong."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hifadhi.errors import Refused
from hifadhi.evidence import b64u, checkpoint, jws, leaf, proof, strict_json, tiles, tree
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.fold import DeadLetter, Fold, NewLeaf, Repeat
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.hub.problem import problem_of
from hifadhi.referral import admission, message
from hifadhi.referral.directory import Directory
from hifadhi.referral.header import Header
from hifadhi.referral.root import Root


@dataclass
class SmallHub:
    root: Root
    ledger: PrivateJwk
    gateway: PrivateJwk
    leaves: list[bytes] = field(default_factory=list)
    statements: list[int] = field(default_factory=list)
    rows: list[tuple[int, set[str], Header | None]] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    posts: list[bytes] = field(default_factory=list)
    before: list[Callable[[web.Request], web.Response | None]] = field(default_factory=list)
    after: list[Callable[[web.Request, web.Response], web.Response]] = field(default_factory=list)
    shown: dict[int, bytes] = field(default_factory=dict)
    """By index, leaves that the inbox shows instead of those in the tree."""
    behind: int = 0
    """So many leaves, the newest, its delivery has not followed yet."""
    fetched: dict[str, int] = field(default_factory=dict)
    """By agency, the index up to which it has said that it has what came."""
    base_url: str = ""

    def __post_init__(self) -> None:
        self.fold = Fold(Directory.of(self.root))
        self.position = 0

    def application(self) -> web.Application:
        app = web.Application(middlewares=[self.meddled], client_max_size=16 * 1024 * 1024)
        app.add_routes(
            [
                web.post("/v1/messages", self.post),
                web.get("/v1/messages/{id}", self.message),
                web.get("/v1/inbox", self.inbox),
                web.get("/v1/directory", self.directory),
                web.get("/v1/proofs/{index}", self.proof),
                web.get("/ledger/checkpoint", self.checkpoint),
                web.get("/ledger/{path:tile/.*}", self.tile),
            ]
        )
        return app

    @web.middleware
    async def meddled(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """`before` answers instead of the hub, `after` changes its answer; each of them once, in order."""
        await request.read()
        if self.before:
            instead = self.before.pop(0)(request)
            if instead is not None:
                return instead
        response = await handler(request)
        assert isinstance(response, web.Response)
        return self.after.pop(0)(request, response) if self.after else response

    async def post(self, request: web.Request) -> web.Response:
        raw = await request.read()
        if request.content_type == "application/json":
            status, answer = self.take(raw)
            if status == 202:
                answer = {"receipt": self.signed(jws.RECEIPT, answer)}
            return web.json_response(answer, status=status)
        answers = [self.take(line) for line in raw.splitlines()]
        lines = [
            {"status": 202, "id": a["id"], "digest": a["digest"]} if status == 202 else {**a, "status": status}
            for status, a in answers
        ]
        listed = [{k: a[k] for k in ("id", "digest", "position", "stored_at")} for s, a in answers if s == 202]
        receipt = {"receipt": self.signed(jws.RECEIPT, listed)}
        return web.Response(text="".join(json.dumps(line) + "\n" for line in (*lines, receipt)))

    def take(self, raw: bytes) -> tuple[int, dict[str, Any]]:
        """As the gateway checks it; then ruled at once."""
        self.posts.append(raw)
        posted = strict_json.parse(raw)
        envelope = jws.parse_envelope(posted["header"], typ=jws.MESSAGE)
        try:
            header = message.parse(envelope.payload)
            admission.check_keys(envelope, header, self.fold.directory)
            admission.check_signatures(envelope, header, self.fold.directory)
            admission.check_standing(header, self.fold.directory)
        except Refused as refusal:
            return 400, self.refusal(refusal, envelope.digest)
        self.parts |= {entry.digest: posted["parts"][entry.name] for entry in header.part_entries}
        now = time.time_ns() // 1_000_000
        ruled = self.fold.rule(self.position, now, envelope.to_bytes())
        self.position += 1
        self.seal(ruled, header)
        stored = {"position": self.position - 1, "stored_at": header.sent_at, "hub": self.root.origin}
        return 202, {"id": header.id, "digest": envelope.digest, "from": header.sender, **stored}

    def refusal(self, refusal: Refused, digest: str) -> dict[str, Any]:
        errors = [{"pointer": fault.pointer, "code": fault.code} for fault in refusal.faults]
        said = {"digest": digest, "code": refusal.code, "errors": errors, "refused_at": "", "hub": self.root.origin}
        return problem_of(refusal, evidence=self.signed(jws.REFUSAL, said))

    def seal(self, ruled: NewLeaf | Repeat | DeadLetter, header: Header) -> None:
        assert not isinstance(ruled, DeadLetter)
        if isinstance(ruled, Repeat):
            return
        concerned = {header.sender}
        if ruled.leaf.ruling.ruling == leaf.RECORDED:
            readers = {reader for entry in header.part_entries for reader in entry.readers}
            concerned |= {*header.addressees, *readers}
        self.append(ruled.leaf.to_bytes(), concerned, header)
        if ruled.is_statement:
            self.statements.append(ruled.index)

    def append(self, raw: bytes, concerned: set[str], header: Header | None) -> None:
        self.rows.append((len(self.leaves), concerned, header))
        self.leaves.append(raw)

    def signed(self, typ: str, payload: object) -> str:
        return jws.sign_compact(strict_json.dump(payload), typ=typ, key=self.gateway)

    async def message(self, request: web.Request) -> web.Response:
        if "Authorization" not in request.headers:
            return web.json_response({"code": "TOKEN", "title": "no token"}, status=401)
        followed = len(self.leaves) - self.behind
        for index, _, header in self.rows[:followed]:
            if header is not None and header.id == request.match_info["id"]:
                sealed = leaf.parse(self.leaves[index])
                envelope = jws.read_envelope(sealed.envelope, typ=jws.MESSAGE)
                ruling = {"ruling": sealed.ruling.ruling, **({"code": c} if (c := sealed.ruling.code) else {})}
                said = {"id": header.id, "digest": envelope.digest, "state": "sealed", "index": index, "delivered": []}
                return web.json_response({**said, **ruling})
        not_yet = {"code": "NOT_SEALED_YET", "title": "not yet", "followed": followed}
        return web.json_response(not_yet, status=404)

    async def inbox(self, request: web.Request) -> web.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        keys = {kid: key.jwk for kid, key in self.fold.directory.keys.items()}
        _, claims = jws.verify_compact(token, typ=jws.ACCESS, keys=keys)
        who, after = json.loads(claims)["iss"], int(request.query["after"])
        if request.query.get("look") != "1":
            self.fetched[who] = max(self.fetched.get(who, -1), after)
        behind = [row for row in self.rows if row[0] > after and who in row[1]]
        page = behind[: int(request.query["limit"])]
        data = [self.row(index, who, header) for index, _, header in page]
        last = page[-1][0] if page else after
        return web.json_response({"data": data, "after": last, "done": len(page) == len(behind)})

    def row(self, index: int, who: str, header: Header | None) -> dict[str, Any]:
        entries = header.part_entries if header else ()
        parts = {entry.name: self.parts[entry.digest] for entry in entries if who in entry.readers}
        raw = b64u.encode(self.shown.get(index, self.leaves[index]))
        return {"index": index, "role": "addressee", "leaf": raw, "parts": parts, "erased": []}

    async def directory(self, request: web.Request) -> web.Response:
        return web.json_response(self.page(int(request.query["after"])))

    def page(self, after: int = -1, most: int = 7) -> dict[str, Any]:
        behind = [index for index in self.statements if index > after]
        data = [self.directory_row(index) for index in behind[:most]]
        last = data[-1]["index"] if data else after
        return {"data": data, "after": last, "done": len(behind) <= most, "checkpoint": self.note()}

    def show_statement(self, raw: bytes) -> None:
        """A leaf that stands in ledger and directory, whatever it says."""
        self.statements.append(len(self.leaves))
        self.append(raw, set(), None)

    def directory_row(self, index: int) -> dict[str, Any]:
        hashes = [b64u.encode(each) for each in self.path_of(index)]
        return {"index": index, "leaf": b64u.encode(self.leaves[index]), "proof": hashes}

    async def proof(self, request: web.Request) -> web.Response:
        index = int(request.match_info["index"])
        return web.Response(text=proof.Proof(index, tuple(self.path_of(index)), self.note()).format())

    async def checkpoint(self, _request: web.Request) -> web.Response:
        return web.Response(text=self.note())

    async def tile(self, request: web.Request) -> web.Response:
        tile = tiles.parse_path(request.match_info["path"])
        first = tile.index * tiles.WIDTH
        nodes = [self.node(tiles.HEIGHT * tile.level, first + number) for number in range(tile.width)]
        return web.Response(body=b"".join(nodes))

    def path_of(self, index: int) -> list[bytes]:
        return tree.inclusion_proof(index, len(self.leaves), self.node)

    def node(self, level: int, index: int) -> bytes:
        row = [tree.leaf_hash(raw) for raw in self.leaves[index << level : (index + 1) << level]]
        halves = range(level)
        return reduce(lambda r, _: [tree.node_hash(*r[i : i + 2]) for i in range(0, len(r), 2)], halves, row)[0]

    def note(self) -> str:
        size = len(self.leaves)
        return sign_checkpoint(Checkpoint(self.root.origin, size, tree.root_hash(size, self.node)), self.ledger)


def sign_checkpoint(of: Checkpoint, key: PrivateJwk) -> str:
    private = key.key
    assert isinstance(private, Ed25519PrivateKey)
    return checkpoint.sign(of, private)
