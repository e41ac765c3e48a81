"""An agency's new home, made beside a hub that answers at once; dead at every step, and started again."""

import asyncio
import stat
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from cyclopts import App

from hifadhi.agency.commands import agencies as commands
from hifadhi.agency.directory import new_home
from hifadhi.agency.directory.directory_office import DirectoryOffice
from hifadhi.agency.home.journal import Journal
from hifadhi.agency.home.keyring import Keyring
from hifadhi.errors import Refused
from hifadhi.evidence import jws, strict_json
from hifadhi.evidence.key_kinds import ED25519, HPKE_9_KE, P256
from unit.agency.conftest import QUICK
from unit.agency.small_hub import SmallHub

MZ = "MZ-INAR"
SYNCS = 38
"""So often does a renewal wait for the disk: so many moments at which the power can fail."""


class PowerFails(Exception):
    pass


@pytest.fixture
def old(admitted: dict[str, Keyring]) -> Keyring:
    return admitted[MZ]


async def renewed(hub: SmallHub, old: Keyring, new: Path, *, signing: str = "ES256", reading: str = "HPKE-9-KE") -> Any:
    async with DirectoryOffice(hub.root, hub.base_url, wait_s=5.0, patience=QUICK) as office:
        return await new_home.renew(old, new, office, signing=signing, reading=reading)


def identity_numbers(hub: SmallHub, old: Keyring, agency: str = MZ) -> list[int]:
    """The numbers of the statements that its identity key has signed, as they are sealed."""
    kid = old.identity.kid if (old.home / "identity.jwk").exists() else None
    found = []
    for raw in hub.leaves:
        envelope = jws.read_envelope(raw.split(b"\n", 2)[2], typ=jws.MESSAGE)
        said = strict_json.parse(envelope.payload)
        if said["from"] == agency and (kid is None or envelope.signatures[0].kid == kid):
            found.append(said["sequence"])
    return found


async def test_the_new_keys_are_in_the_directory_beside_the_old_ones(
    hub: SmallHub, old: Keyring, tmp_path: Path
) -> None:
    made = await renewed(hub, old, tmp_path / "new")
    keys = hub.fold.directory.keys
    assert [key.public.kind for key in (made.sign, *made.read[:2])] == [P256, HPKE_9_KE, P256]
    assert {keys[made.sign.kid].use, *(keys[key.kid].use for key in made.read)} == {"sign", "read"}
    assert not any(keys[key.kid].revoked for key in (old.sign, *old.read, made.sign, *made.read))
    kids = [key.kid for key in hub.fold.directory.reading_keys(MZ)]
    assert kids == [key.kid for key in reversed(made.read)]  # the newest last: it is sealed to from now on


async def test_the_new_home_opens_what_the_old_one_did_the_newest_key_first(
    hub: SmallHub, old: Keyring, tmp_path: Path
) -> None:
    once = await renewed(hub, old, tmp_path / "new")
    twice = await renewed(hub, once, tmp_path / "newer", signing="Ed25519", reading="X25519")
    assert [key.kid for key in once.read[2:]] == [key.kid for key in old.read]
    assert {key.kid for key in twice.read[1:]} == {key.kid for key in once.read}
    assert twice.sign.public.kind == ED25519
    assert hub.fold.directory.reading_keys(MZ)[-1].kid == twice.read[0].kid


async def test_nobody_else_may_look_into_the_new_home(hub: SmallHub, old: Keyring, tmp_path: Path) -> None:
    made = await renewed(hub, old, tmp_path / "new")
    assert stat.S_IMODE(made.home.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in made.home.glob("*.jwk")} == {0o600}


async def test_what_the_old_home_has_taken_and_answered_is_noted(hub: SmallHub, old: Keyring, tmp_path: Path) -> None:
    async with (journal := Journal(old.home / "journal.json")).turn():
        journal.answered(17)
        journal.taken(19)
    made = await renewed(hub, old, tmp_path / "new")
    entries = Journal(made.home / "journal.json").reload()
    assert (entries.answered, entries.cursor, entries.last, entries.pending) == (17, 19, 0, ())


async def test_the_identity_key_goes_over_with_the_numbers_that_it_has_spent(
    hub: SmallHub, old: Keyring, tmp_path: Path
) -> None:
    identity = old.identity
    made = await renewed(hub, old, tmp_path / "new")
    assert made.identity.kid == identity.kid
    assert not (old.home / "identity.jwk").exists()
    assert (made.home / new_home.IDENTITY_JOURNAL).read_bytes() == (old.home / new_home.IDENTITY_JOURNAL).read_bytes()
    async with DirectoryOffice(hub.root, hub.base_url, wait_s=5.0, patience=QUICK) as office:
        await office.revoke_own(old.sign.kid, made.identity, Journal(made.home / new_home.IDENTITY_JOURNAL))
    numbers = identity_numbers(hub, old)
    assert numbers == list(range(1, len(numbers) + 1))


async def test_the_second_officers_key_goes_over_if_it_is_there(hub: SmallHub, old: Keyring, tmp_path: Path) -> None:
    assert (await renewed(hub, old, tmp_path / "new")).countersign.kid == old.countersign.kid
    other = Keyring.load(tmp_path / "new")
    (other.home / "countersign.jwk").unlink()
    made = await renewed(hub, other, tmp_path / "newer")
    assert not (made.home / "countersign.jwk").exists()


async def test_a_home_of_another_agency_or_the_same_one_is_refused_and_left_alone(
    hub: SmallHub, old: Keyring, admitted: dict[str, Keyring], tmp_path: Path
) -> None:
    for home in (admitted["ZA-DHA"].home, old.home, copytree(old.home, tmp_path / "copy")):
        before = {path.name: path.read_bytes() for path in home.iterdir()}
        with pytest.raises(Refused, match="EXISTS"):
            await renewed(hub, old, home)
        assert {path.name: path.read_bytes() for path in home.iterdir()} == before
    assert hub.posts == []


async def test_done_again_it_changes_nothing(hub: SmallHub, old: Keyring, tmp_path: Path) -> None:
    made = await renewed(hub, old, tmp_path / "new")
    before, sealed = {path.name: path.read_bytes() for path in made.home.iterdir()}, len(hub.leaves)
    assert await renewed(hub, old, tmp_path / "new") == made
    assert {path.name: path.read_bytes() for path in made.home.iterdir()} == before
    assert len(hub.leaves) == sealed


def failing_at(moment: int) -> Callable[[int], None]:
    """A disk before which the power fails at this sync, counted from 0."""
    left = moment

    def sync(_descriptor: int) -> None:
        nonlocal left
        left -= 1
        if left == -1:
            raise PowerFails

    return sync


@pytest.mark.slow  # a quarter of a second for each moment
@pytest.mark.parametrize("moment", range(SYNCS))
async def test_dead_at_any_moment_it_goes_on_when_it_is_started_again(
    hub: SmallHub, old: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    identity = old.identity
    monkeypatch.setattr("os.fsync", failing_at(moment))
    with pytest.raises(PowerFails):
        await renewed(hub, old, tmp_path / "new")
    begun = {path: path.read_bytes() for path in (tmp_path / "new").glob("*.jwk")}
    homes = [home for home in (old.home, tmp_path / "new") if (home / "identity.jwk").exists()]
    assert homes and all((home / new_home.IDENTITY_JOURNAL).exists() for home in homes)  # never without its numbers
    made = await renewed(hub, old, tmp_path / "new")
    assert {path: path.read_bytes() for path in begun} == begun  # no key is made a second time
    assert made.identity.kid == identity.kid
    added = {key.kid for key in (made.sign, *made.read)}
    theirs = {kid for kid, key in hub.fold.directory.keys.items() if key.agency == MZ}
    assert theirs == {identity.kid, old.sign.kid, old.countersign.kid} | added
    numbers = identity_numbers(hub, old)
    assert numbers == list(range(1, len(numbers) + 1))


async def test_it_waits_for_the_disk_at_each_step(
    hub: SmallHub, old: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = list[int]()
    monkeypatch.setattr("os.fsync", synced.append)
    await renewed(hub, old, tmp_path / "new")
    assert len(synced) == SYNCS


async def test_the_command_says_which_keys_are_new_and_which_to_revoke(
    hub: SmallHub, old: Keyring, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app, root = App(result_action="return_value"), tmp_path / "root.json"
    app.command(commands.agency_app)
    root.write_text(hub.root.model_dump_json())
    words = ["agency", "renew", tmp_path / "new", "--home", old.home, "--root", root, "--url", hub.base_url]
    kinds = ["--signing", "ES256", "--reading", "X25519"]
    code = await asyncio.to_thread(app, [str(word) for word in (*words, *kinds)])
    made = Keyring.load(tmp_path / "new")
    assert (code, made.sign.public.kind, made.read[0].public.kind) == (0, P256, "X25519")
    new, _, after = capsys.readouterr().out.splitlines()
    assert made.sign.kid in new and made.read[0].kid in new and str(made.home) in new
    assert after.endswith(f"this command again, start them with {made.home}, revoke {old.sign.kid}")
