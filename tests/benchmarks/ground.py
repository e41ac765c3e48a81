"""What must have happened in an exchange before the measured messages: agencies, cases, requests to accept."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.acceptances import ASKS, Asked, requests
from benchmarks.answers import Question
from cast import Body, Cast, Player, payload_of
from hifadhi.agency import durable_file
from hifadhi.agency.home.journal import Journal
from hifadhi.evidence import strict_json
from hub_client import HubClient

LINES: Final = 200

# A message to post, and beside the one that completes it what can be answered then.
Made = tuple[Body, Asked | None] | tuple[Body, Question | None]


class Ground:
    """Agencies with homes in `folder`, and a file of requests that grows by `ask`."""

    def __init__(self, cast: Cast, folder: Path) -> None:
        self._cast, self._folder = cast, folder
        self.work = folder / "work"
        folder.mkdir(parents=True)
        self.work.touch()
        for player in cast.players.values():
            _write_home(folder / player.id, player)

    def home(self, agency: str) -> str:
        """The folder of an agency's keys."""
        return str(self._folder / agency)

    async def ask(self, client: HubClient, count: int, make: Callable[[Cast, int], Iterable[Made]] = requests) -> None:
        """So many more requests, or questions, all of them ruled; the asking agency has seen everything up to here."""
        index = 0
        with self.work.open("a", encoding="utf-8") as file:
            for some in _batches(make(self._cast, count)):
                index = await self._posted(client, [body for body, _ in some])
                file.writelines(" ".join(astuple(asked)) + "\n" for _, asked in some if asked)
        await self._seen(index)

    async def _posted(self, client: HubClient, bodies: list[Body]) -> int:
        """The index of the last of them. Each post is ruled before the next: a busy gateway takes no more in."""
        for answer in (await client.post_lines(bodies))[:-1]:
            assert answer["status"] == 202, answer
        ruling = await client.ruling(payload_of(bodies[-1])["id"], ASKS)
        assert ruling["ruling"] == "recorded", ruling
        return int(ruling["index"])

    async def _seen(self, index: int) -> None:
        journal = Journal(Path(self.home(ASKS)) / "journal.json")
        async with journal.turn():
            journal.taken(index)


def _batches(made: Iterable[Made]) -> Iterator[list[Made]]:
    rest = iter(made)
    while some := list(islice(rest, LINES)):
        yield some


def _write_home(home: Path, player: Player) -> None:
    """As `Keyring` reads it."""
    home.mkdir(parents=True)
    durable_file.create(home / "agency.json", strict_json.dump({"agency": player.id}))
    for use, key in (("identity", player.identity), ("sign", player.sign), ("read", player.read)):
        durable_file.create(home / f"{use}.jwk", strict_json.dump(key.as_dict()))
