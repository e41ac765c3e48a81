"""Lists what is released: `python tests/release_schemas.py schemas` adds the files that are not listed yet.

A listed file is never edited: readers have it. `sha256sum -c released.sha256`, in `schemas/`, checks it as well.
"""

import sys
from hashlib import sha256
from pathlib import Path

LISTED = "released.sha256"
FOLDERS = ("codes", "messages", "parts")


def listed(folder: Path) -> dict[str, str]:
    """The digest by path of every released file."""
    path = folder / LISTED
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def here(folder: Path) -> dict[str, str]:
    """The same of every file that there is."""
    files = sorted(path for name in FOLDERS for path in (folder / name).glob("*.json"))
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


def edited(folder: Path) -> list[str]:
    """The released files that are not as they were released."""
    found = here(folder)
    return [name for name, digest in listed(folder).items() if found.get(name) != digest]


def release(folder: Path, only: tuple[str, ...] = ()) -> list[str]:
    """Adds what is not listed yet, or of it these paths; what was added. Exits, if a released file was edited."""
    if changed := edited(folder):
        sys.exit(f"released and edited: {', '.join(changed)}. Take the change back and make another number.")
    known, found = listed(folder), here(folder)
    added = [name for name in found if name not in known and (not only or name in only)]
    lines = sorted(f"{digest}  {name}" for name, digest in {**known, **{name: found[name] for name in added}}.items())
    lines.sort(key=lambda line: line.split("  ", 1)[1])
    (folder / LISTED).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return added


if __name__ == "__main__":
    for name in release(Path(sys.argv[1]), tuple(sys.argv[2:])):
        sys.stdout.write(f"released {name}\n")
