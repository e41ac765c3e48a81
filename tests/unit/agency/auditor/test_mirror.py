"""The mirror against a ledger over real HTTP, which may be honest, forked, rolled back, or gone in the middle."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from hifadhi.agency.auditor.archive import Archive
from hifadhi.agency.auditor.cross_check import cross_check
from hifadhi.agency.auditor.mirror import INCOMING, Mirror, Mirrored
from hifadhi.agency.known.contradictions import MOST
from hifadhi.agency.wire.access_token import AccessToken
from hifadhi.agency.wire.transport import Patience, Transport
from hifadhi.errors import Refused, Tampered, Unavailable
from hifadhi.evidence import checkpoint
from hifadhi.evidence.audit import Audit
from hifadhi.evidence.checkpoint import Checkpoint
from hifadhi.evidence.tree import Edge, leaf_hash
from sealed_ledgers import Exchange, archive, key, ledger_private, the_root

QUICK = Patience(tries=1, request_s=5)


class Ledger:
    """Serves the files of one archive; `files` may be exchanged, `after` requests it goes away."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.away_after: int | None = None
        self.bearers: set[str] = set()

    async def answer(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        self.asked.append(path)
        if self.away_after is not None and len(self.asked) > self.away_after:
            return web.Response(status=503)
        if path.startswith("tile/entries/"):
            self.bearers.add(request.headers.get("Authorization", ""))
        if path not in self.files:
            problem = {"code": "NOT_FOUND", "errors": [{"pointer": "", "code": "NOT_FOUND", "message": "none"}]}
            return web.json_response(problem, status=404)
        return web.Response(body=self.files[path])


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


@pytest.fixture
async def base_url(ledger: Ledger) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_get("/ledger/{path:.*}", ledger.answer)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


Update = Callable[..., Awaitable[Mirrored]]


@pytest.fixture
def update(base_url: str, tmp_path: Path) -> Update:
    async def run(*, signed: bool = True, folder: Path = tmp_path / "copy") -> Mirrored:
        token = AccessToken("UNHCR-STAT", key("UNHCR-STAT/sign"), base_url)
        async with Transport(base_url, token=token, patience=QUICK) as transport:
            return await Mirror(Archive(folder), transport, the_root() if signed else None).update()

    return run


@pytest.fixture(scope="module")
def long() -> Exchange:
    exchange = Exchange()
    exchange.admit_all()
    for _ in range(540):
        exchange.opened()
    return exchange


async def test_the_copy_is_the_ledger_file_by_file(
    ledger: Ledger, update: Update, long: Exchange, tmp_path: Path
) -> None:
    ledger.files = long.files()
    mirrored = await update()
    assert (mirrored.checkpoint.size, mirrored.new) == (550, 550)
    assert dict(Archive(tmp_path / "copy")) == long.files()
    assert not (tmp_path / "copy" / INCOMING).exists()


async def test_entries_are_asked_for_with_a_token_and_hashes_not_at_all(
    ledger: Ledger, update: Update, long: Exchange
) -> None:
    ledger.files = long.files()
    await update()
    assert [path for path in ledger.asked if path.startswith("tile/") and "entries" not in path] == []
    assert all(bearer.startswith("Bearer ") for bearer in ledger.bearers)


@pytest.mark.parametrize("sizes", [(0, 1, 2, 10, 255, 256, 257, 300, 511, 512, 550), (100, 550), (256, 512)])
async def test_a_copy_that_grows_is_at_each_size_the_ledger_of_that_size(
    ledger: Ledger, update: Update, long: Exchange, tmp_path: Path, sizes: tuple[int, ...]
) -> None:
    before = 0
    for size in sizes:
        ledger.files = archive(long.leaves[:size])
        assert (await update()).new == size - before
        assert dict(Archive(tmp_path / "copy")) == ledger.files
        before = size


async def test_an_unchanged_ledger_costs_one_request(ledger: Ledger, update: Update, long: Exchange) -> None:
    ledger.files = archive(long.leaves[:20])
    await update()
    ledger.asked.clear()
    assert (await update()).new == 0
    assert ledger.asked == ["checkpoint"]


async def test_an_interrupted_mirror_goes_on_and_what_was_there_stays_whole(
    ledger: Ledger, update: Update, long: Exchange, tmp_path: Path
) -> None:
    ledger.files = archive(long.leaves[:300])
    await update()
    ledger.files, ledger.asked, ledger.away_after = long.files(), [], 2
    with pytest.raises(Unavailable):
        await update()
    copy = Archive(tmp_path / "copy")
    assert Audit(copy, the_root()).run().leaves == 300
    ledger.asked, ledger.away_after = [], None
    await update()
    assert ledger.asked == ["checkpoint", "tile/entries/002.p/38"]
    assert dict(copy) == long.files()


@pytest.mark.parametrize("done", range(6))
async def test_a_replacement_that_was_interrupted_is_completed(
    ledger: Ledger, update: Update, long: Exchange, tmp_path: Path, done: int
) -> None:
    """Crash after `done` of the moves: the next run ends them, even if the ledger has nothing new."""
    ledger.files = archive(long.leaves[:300])
    await update()
    copy, incoming = Archive(tmp_path / "copy"), Archive(tmp_path / "copy" / INCOMING)
    new = archive(long.leaves[:520])
    changed = {path: raw for path, raw in new.items() if ledger.files.get(path) != raw}
    assert len(changed) == 6
    for number, (path, raw) in enumerate(sorted(changed.items(), key=lambda one: one[0] == "checkpoint")):
        (copy if number < done else incoming).write(path, raw)
    incoming.write("checkpoint", new["checkpoint"])  # is copied, and goes last of all
    if done == len(changed) - 1:
        copy.write("checkpoint", new["checkpoint"])
    ledger.files = new
    await update()
    assert dict(copy) == new
    assert not incoming.folder.exists()


async def test_a_fork_is_not_taken_over(ledger: Ledger, update: Update, long: Exchange, tmp_path: Path) -> None:
    ledger.files = archive(long.leaves[:300])
    await update()
    ledger.files = archive([*long.leaves[:280], long.leaves[281], long.leaves[280], *long.leaves[282:400]])
    with pytest.raises(Tampered) as caught:
        await update()
    assert caught.value.index == 280
    assert Audit(Archive(tmp_path / "copy"), the_root()).run().leaves == 300


async def test_a_bundle_that_was_garbled_on_its_way_is_asked_for_again(
    ledger: Ledger, update: Update, long: Exchange, tmp_path: Path
) -> None:
    ledger.files = archive(long.leaves[:300])
    await update()
    forked = archive([*long.leaves[:280], long.leaves[281], long.leaves[280], *long.leaves[282:]])
    ledger.files = {**long.files(), "tile/entries/001": forked["tile/entries/001"]}
    with pytest.raises(Tampered) as caught:
        await update()
    assert caught.value.index == 280
    ledger.files = long.files()
    await update()
    assert dict(Archive(tmp_path / "copy")) == long.files()


async def test_a_fork_within_full_bundles_is_not_taken_over(
    ledger: Ledger, update: Update, long: Exchange, tmp_path: Path
) -> None:
    """The changed bundle is not fetched again, but then the new root does not follow from the old leaves."""
    ledger.files = archive(long.leaves[:300])
    await update()
    ledger.files = archive([long.leaves[1], long.leaves[0], *long.leaves[2:]])
    with pytest.raises(Tampered, match="root"):
        await update()
    copy = Archive(tmp_path / "copy")
    assert dict(copy) == archive(long.leaves[:300])
    assert not (copy.folder / INCOMING).exists()
    ledger.files = long.files()
    await update()
    assert dict(copy) == long.files()


async def test_a_ledger_that_was_rolled_back_is_not_taken_over(
    ledger: Ledger, update: Update, long: Exchange, tmp_path: Path
) -> None:
    ledger.files = archive(long.leaves[:300])
    await update()
    ledger.files = archive(long.leaves[:299])
    with pytest.raises(Tampered, match="rolled back"):
        await update()
    assert dict(Archive(tmp_path / "copy")) == archive(long.leaves[:300])


async def test_another_ledger_is_not_taken_over(ledger: Ledger, update: Update, long: Exchange) -> None:
    ledger.files = archive(long.leaves[:30])
    await update(signed=False)
    root = Edge.empty().extend(map(leaf_hash, long.leaves[:40])).root()
    other = checkpoint.sign(Checkpoint("elsewhere.example.org", 40, root), ledger_private())
    ledger.files = {**archive(long.leaves[:40]), "checkpoint": other.encode()}
    with pytest.raises(Tampered, match="another ledger"):
        await update(signed=False)


async def test_another_tree_of_the_same_size_is_not_taken_over(ledger: Ledger, update: Update, long: Exchange) -> None:
    ledger.files = archive(long.leaves[:30])
    await update()
    ledger.files = archive([*long.leaves[:29], long.leaves[30]])
    with pytest.raises(Tampered, match="another tree"):
        await update()


LONGER = 320


def contradiction(kind: str, leaves: list[bytes]) -> dict[str, bytes]:
    """What a ledger of these leaves is made to show to who has the first 300."""
    swapped = [leaves[281], leaves[280]]
    return {
        "two-roots": archive([*leaves[:299], leaves[300]]),
        "two-roots of fewer": archive([*leaves[:280], *swapped]),
        "smaller": archive(leaves[:299]),
        "larger": archive([*leaves[:280], *swapped, *leaves[282:LONGER]]),
        "larger within full bundles": archive([leaves[1], leaves[0], *leaves[2:LONGER]]),
    }[kind]


@pytest.mark.parametrize("kind", ["two-roots", "two-roots of fewer", "smaller", "larger", "larger within full bundles"])
async def test_the_checkpoint_that_contradicts_a_copy_is_kept_beside_its_own_and_judged_offline(
    ledger: Ledger, update: Update, long: Exchange, tmp_path: Path, kind: str
) -> None:
    before = ledger.files = archive(long.leaves[:300])
    await update()
    forked = ledger.files = contradiction(kind, long.leaves)
    for _ in range(2):
        with pytest.raises(Tampered) as caught:
            await update()
    copy, place = Archive(tmp_path / "copy"), tmp_path / "copy" / f"checkpoint.{kind.partition(' ')[0]}-1"
    assert f"; the checkpoint lies in {place}, what was known in {place.name}.known; keep " in str(caught.value)
    assert sorted(path.name for path in copy.folder.iterdir()) == sorted(
        ["checkpoint", "tile", place.name, f"{place.name}.known"]
    )
    assert (place.read_bytes(), Path(f"{place}.known").read_bytes()) == (forked["checkpoint"], before["checkpoint"])
    assert dict(copy) == before and Audit(copy, the_root()).run().leaves == 300
    ledger.files = archive(long.leaves[:LONGER])
    await update()
    if kind == "smaller":
        assert cross_check(copy, the_root(), views=[place.read_bytes()]).agreed[0].size == 299
        return
    with pytest.raises(Tampered, match="the ledger shows two histories"):
        cross_check(copy, the_root(), views=[place.read_bytes()])


async def test_of_a_million_contradictions_a_copy_keeps_the_first_few(
    ledger: Ledger, update: Update, long: Exchange, tmp_path: Path
) -> None:
    ledger.files = archive(long.leaves[:30])
    await update()
    shown = [archive([*long.leaves[:29], long.leaves[at]]) for at in range(30, 40)]
    for ledger.files in shown:
        with pytest.raises(Tampered, match="another tree"):
            await update()
    kept = sorted((tmp_path / "copy").glob("checkpoint.two-roots-?"))
    assert [path.read_bytes() for path in kept] == [files["checkpoint"] for files in shown[:MOST]]
    assert dict(Archive(tmp_path / "copy")) == archive(long.leaves[:30])


@pytest.mark.parametrize("signed", [True, False])
async def test_what_the_ledger_has_not_verifiably_signed_is_not_kept(
    ledger: Ledger, update: Update, long: Exchange, tmp_path: Path, signed: bool
) -> None:
    ledger.files = archive(long.leaves[:30])
    await update(signed=signed)
    ledger.files = archive([*long.leaves[:29], long.leaves[30]])
    if signed:
        shown, of_other = ledger.files["checkpoint"], archive(long.leaves[:29])["checkpoint"]
        ledger.files["checkpoint"] = shown.split(b"\n\n")[0] + b"\n\n" + of_other.split(b"\n\n")[1]
    with pytest.raises(Tampered, match="does not verify" if signed else "is not kept, .* mirror with --root"):
        await update(signed=signed)
    assert {path.name for path in (tmp_path / "copy").iterdir()} == {"checkpoint", "tile"}


async def test_entries_that_do_not_give_the_signed_root_are_not_taken_over(
    ledger: Ledger, update: Update, long: Exchange, tmp_path: Path
) -> None:
    ledger.files = archive(long.leaves[:30])
    ledger.files["tile/entries/000.p/30"] = archive(long.leaves[1:31])["tile/entries/000.p/30"]
    with pytest.raises(Tampered, match="root"):
        await update()
    assert list(Archive(tmp_path / "copy")) == []


async def test_with_a_root_an_unsigned_checkpoint_is_not_taken_over(
    ledger: Ledger, update: Update, long: Exchange
) -> None:
    ledger.files = archive(long.leaves[:30])
    signed, of_other = ledger.files["checkpoint"], archive(long.leaves[:29])["checkpoint"]
    # The text of one, the signature of another: well-formed, and signed by nobody.
    ledger.files["checkpoint"] = signed.split(b"\n\n")[0] + b"\n\n" + of_other.split(b"\n\n")[1]
    with pytest.raises(Tampered):
        await update()


async def test_without_a_root_signatures_are_left_to_verify_but_forks_are_seen(
    ledger: Ledger, update: Update, long: Exchange
) -> None:
    ledger.files = archive(long.leaves[:30])
    await update(signed=False)
    ledger.files = archive([*long.leaves[:29], *long.leaves[30:40]])
    with pytest.raises(Tampered):
        await update(signed=False)


async def test_a_partial_bundle_that_the_log_has_dropped_is_cut_from_the_full_one(
    ledger: Ledger, update: Update, long: Exchange, tmp_path: Path
) -> None:
    ledger.files = archive(long.leaves[:30])
    expected = dict(ledger.files)
    del ledger.files["tile/entries/000.p/30"]
    ledger.files["tile/entries/000"] = long.files()["tile/entries/000"]
    await update()
    assert dict(Archive(tmp_path / "copy")) == expected


async def test_what_the_exchange_refuses_is_refused(update: Update) -> None:
    with pytest.raises(Refused, match="NOT_FOUND"):
        await update()
