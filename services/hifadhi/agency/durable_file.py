"""Files that survive a crash: whole, or as they were before. Several processes may write one file."""

import fcntl
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

from hifadhi.errors import Fault, Refused, Unavailable

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644
WAIT_FOR_TURN_S: Final = 10.0
"""Far longer than a file takes to write: who holds its turn for so long was stopped in it."""
_LOOK_AGAIN_S: Final = 0.005
_FURTHER_BACK: Final = 256


def replace(path: Path, raw: bytes, *, mode: int = PRIVATE, unless: Callable[[], bool] = lambda: False) -> bool:
    """The file holds `raw` once this returns, whatever fails afterwards; until then it holds what it held.

    One writer at a time, among all processes; in its turn it asks `unless`, and if so leaves the file as it is.
    Whether it was written. Unavailable: BUSY, if another process does not end its turn.
    """
    temporary = path.with_name(f"{path.name}.new")
    with _begun(temporary, mode) as file:
        if unless():
            temporary.unlink()
            return False
        _put(file, raw)
        temporary.replace(path)
    _sync_folder(path.parent)
    return True


def create(path: Path, raw: bytes, *, mode: int = PRIVATE) -> None:
    """The file is new and holds `raw`; Refused: EXISTS, if there is one: a key is never written over."""
    if not replace(path, raw, mode=mode, unless=path.exists):
        raise Refused(Fault("EXISTS", "", f"{path.name} is there already; choose another folder"))


def append(path: Path, line: bytes, *, whole: Callable[[bytes], bool], mode: int = PRIVATE) -> None:
    """One more line at the end of the file, or several with LF between them; durable on return.

    What a writer was stopped in stands behind the last LF. It is ended if `whole` takes it for a line, and else taken
    away: nobody was told that it is kept, and the next line would be glued to it. One writer at a time, among all
    processes. Unavailable: BUSY, if another process does not end its turn.
    """
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, mode), "r+b") as file:
        _wait_for_turn(file, path)
        left, before = _behind_last_line(file), file.tell()
        is_line = left != b"" and whole(left)
        if left and not is_line:
            file.truncate(before - len(left))
        _put(file, (b"\n" if is_line else b"") + line + b"\n")
    if not before:
        _sync_folder(path.parent)


def read(path: Path) -> bytes:
    """What the file holds; Refused: NOT_FOUND, NOT_READABLE."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise Refused(Fault("NOT_FOUND", "", f"there is no file {path}")) from None
    except OSError as error:
        raise Refused(Fault("NOT_READABLE", "", f"{path}: {error.strerror}")) from None


def _begun(temporary: Path, mode: int) -> BinaryIO:
    """A new file of this name, ours until it is closed. A crash leaves one at most: the next writer removes it."""
    deadline = time.monotonic() + WAIT_FOR_TURN_S
    while True:
        with suppress(FileExistsError):
            # Always made, never taken over, so that its mode is ours.
            file = os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb")
            if _holds(file, temporary):
                return file
            file.close()
        _remove_if_left(temporary)
        if time.monotonic() > deadline:
            raise Unavailable(f"another process is writing {temporary.stem}", code="BUSY")
        time.sleep(_LOOK_AGAIN_S)


def _remove_if_left(temporary: Path) -> None:
    """Whoever lives holds the lock; with the process it ends."""
    with suppress(FileNotFoundError), temporary.open("r+b") as left:
        if _holds(left, temporary):
            temporary.unlink()


def _holds(file: BinaryIO, name: Path) -> bool:
    """Whether we alone hold this file, and it still has its name: only who holds it renames or removes it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(file.fileno()), name.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def _wait_for_turn(file: BinaryIO, name: Path) -> None:
    deadline = time.monotonic() + WAIT_FOR_TURN_S
    while not _holds(file, name):
        if time.monotonic() > deadline:
            raise Unavailable(f"another process is writing {name.name}", code="BUSY")
        time.sleep(_LOOK_AGAIN_S)


def _behind_last_line(file: BinaryIO) -> bytes:
    """What stands behind the last LF, mostly nothing; the file is at its end then."""
    end, back, left = file.seek(0, os.SEEK_END), 1, b""
    while len(left) < end and b"\n" not in left:
        file.seek(max(0, end - back))
        left, back = file.read(), back * _FURTHER_BACK
    file.seek(end)
    return left.rpartition(b"\n")[2]


def _put(file: BinaryIO, raw: bytes) -> None:
    file.write(raw)
    file.flush()
    os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)  # else the name may be lost though the bytes are not
    finally:
        os.close(handle)
