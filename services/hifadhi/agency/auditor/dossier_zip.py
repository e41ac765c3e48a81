"""A dossier as one file: a zip that the same files always make byte for byte, read without trusting it.

What is refused, and the attack that it stops:

1. A file of more than 64 MiB, and anything compressed or overlapping: few bytes that unpack to very many.
2. A zip that is not what `pack` makes of its files: a name twice, words before, between or behind the files, which one
   program shows and another does not.
"""

import zipfile
from collections.abc import Mapping
from io import BytesIO
from typing import Final

from hifadhi.errors import Fault, Refused, Tampered

MAX_BYTES: Final = 64 * 1024 * 1024
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest instant that a zip can name: none is meant."""
_MODE: Final = 0o100644 << 16
_UNIX: Final = 3


def pack(files: Mapping[str, bytes]) -> bytes:
    """The zip of these files, in the order of their names. Refused: TOO_LARGE."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, raw in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr, entry.create_system = _MODE, _UNIX
            archive.writestr(entry, raw)
    if packed.tell() > MAX_BYTES:
        raise Refused(Fault("TOO_LARGE", "", f"a dossier has at most {MAX_BYTES} bytes"))
    return packed.getvalue()


def unpack(raw: bytes) -> dict[str, bytes]:
    """The files of a zip that `pack` made. Refused: NO_DOSSIER, TOO_LARGE; Tampered by rule 2."""
    if len(raw) > MAX_BYTES:  # rule 1
        raise Refused(Fault("TOO_LARGE", "", f"a dossier has at most {MAX_BYTES} bytes"))
    try:
        files = _read(raw)
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        raise Refused(Fault("NO_DOSSIER", "", "this is no zip that 'hifadhi evidence' wrote")) from error
    if pack(files) != raw:  # rule 2
        raise Tampered("the zip is not written as dossiers are: it may show some readers what it hides from others")
    return files


def _read(raw: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(raw)) as archive:
        entries = archive.infolist()
        stored = all(entry.compress_type == zipfile.ZIP_STORED for entry in entries)
        if not stored or sum(entry.file_size for entry in entries) > len(raw):  # rule 1
            raise zipfile.BadZipFile
        return {entry.filename: archive.read(entry) for entry in entries}
