"""The folder of a mirrored ledger, in the layout in which it is served (C2SP tlog-tiles): `checkpoint` and `tile/…`.

It is read as a mapping of paths to bytes, so that the audit itself knows no file system.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from hifadhi.agency import durable_file
from hifadhi.errors import Fault, Refused, Tampered
from hifadhi.evidence.audit import CHECKPOINT, TILES, edge_at
from hifadhi.evidence.tiles import ENTRIES, HEIGHT, MAX_ENTRY, WIDTH, Tile
from hifadhi.evidence.tree import Edge

MAX_FILE: Final = WIDTH * (2 + MAX_ENTRY)
"""The largest entry bundle, in bytes; everything else is smaller."""


class Archive(Mapping[str, bytes]):
    """The files of one folder. Refused: NOT_READABLE; Tampered, for a file larger than any that a ledger has."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __getitem__(self, path: str) -> bytes:
        try:
            with (self.folder / path).open("rb") as file:
                raw = file.read(MAX_FILE + 1)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise KeyError(path) from None
        except OSError as error:
            raise Refused(Fault("NOT_READABLE", "", f"{path}: {error.strerror}")) from None
        if len(raw) > MAX_FILE:
            raise Tampered(f"{path} is larger than any file of a ledger")
        return raw

    def __iter__(self) -> Iterator[str]:
        if (self.folder / CHECKPOINT).is_file():
            yield CHECKPOINT
        for parent, _, names in os.walk(self.folder / TILES):
            for name in names:
                yield (Path(parent) / name).relative_to(self.folder).as_posix()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and (self.folder / path).is_file()

    def write(self, path: str, raw: bytes) -> None:
        """The file holds these bytes, whole, or what it held before."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        durable_file.replace(target, raw, mode=durable_file.PUBLIC)

    def take(self, path: str, other: "Archive") -> None:
        """The file moves here from another archive on the same disk."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        (other.folder / path).replace(target)

    def remove(self, path: str) -> None:
        """The file is gone, and its folder if that is empty now."""
        target = self.folder / path
        target.unlink(missing_ok=True)
        if not any(target.parent.iterdir()):
            target.parent.rmdir()

    def tile(self, level: int, index: int, size: int) -> bytes:
        """A hash tile or a bundle, as wide as a tree of `size` leaves makes it; else Tampered."""
        width = min(WIDTH, (size >> (HEIGHT * max(level, 0))) - index * WIDTH)
        path = Tile(level, index, width).path()
        raw = self.get(path)
        if raw is None:
            raise Tampered(f"the archive has no {path}", index=index * WIDTH if level in {0, ENTRIES} else None)
        return raw

    def edge(self, size: int) -> Edge:
        """The right edge of the tree of `size` leaves, from its hash tiles."""
        return edge_at(self, size, size)
