"""Files that survive a crash: whole, or as they were before."""

import os
from pathlib import Path
from typing import Final

from hifadhi.errors import Fault, Refused

PRIVATE: Final = 0o600
PUBLIC: Final = 0o644


def replace(path: Path, raw: bytes, *, mode: int = PRIVATE) -> None:
    """The file holds `raw` once this returns, whatever fails afterwards; until then it holds what it held."""
    temporary = path.with_name(f"{path.name}.new")
    temporary.unlink(missing_ok=True)  # of a crash; made again, so that its mode is ours
    _write(temporary, raw, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    temporary.replace(path)
    _sync_folder(path.parent)


def create(path: Path, raw: bytes, *, mode: int = PRIVATE) -> None:
    """The file is new and holds `raw`; Refused: EXISTS, if there is one: a key is never written over."""
    if path.exists():
        raise Refused(Fault("EXISTS", "", f"{path.name} is there already; choose another folder"))
    replace(path, raw, mode=mode)


def append(path: Path, line: bytes, *, mode: int = PRIVATE) -> None:
    """One more line at the end of the file, or several with LF between them."""
    _write(path, line + b"\n", os.O_WRONLY | os.O_CREAT | os.O_APPEND, mode)


def read(path: Path) -> bytes:
    """What the file holds; Refused: NOT_FOUND, NOT_READABLE."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise Refused(Fault("NOT_FOUND", "", f"there is no file {path}")) from None
    except OSError as error:
        raise Refused(Fault("NOT_READABLE", "", f"{path}: {error.strerror}")) from None


def _write(path: Path, raw: bytes, flags: int, mode: int) -> None:
    with os.fdopen(os.open(path, flags, mode), "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)  # else the name may be lost though the bytes are not
    finally:
        os.close(handle)
