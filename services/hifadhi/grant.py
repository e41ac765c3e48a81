"""`hifadhi grant` and `hifadhi revoke`: an agency's way to its own topic on the broker, and the password for it."""

import asyncio
import os
import secrets
import stat
import sys
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from hifadhi import wiring
from hifadhi.errors import Fault, Refused
from hifadhi.referral.closed import AgencyId
from hifadhi.settings import ServiceSettings
from hifadhi.stream import kafka_access
from hifadhi.stream.kafka_brokers import Brokers

PRIVATE: Final = 0o600
LEAST_CHARACTERS: Final = 16
RANDOM_BYTES: Final = 32


def grant(settings: ServiceSettings, agency: str, password_file: Path) -> None:
    """Let an agency read its topic with the password in the file, and nothing else. `Refused`, `Unavailable`."""
    brokers = _brokers(settings, agency)
    password = _read(password_file) if password_file.exists() else _made(password_file)
    asyncio.run(kafka_access.grant(brokers, agency, password))
    sys.stdout.write(f"{agency} may read {settings.stream_prefix}inbox.{agency} in groups agency.{agency}.*\n")


def revoke(settings: ServiceSettings, agency: str) -> None:
    """Take the agency's password and all its rights on the broker away. `Refused`, `Unavailable`."""
    asyncio.run(kafka_access.revoke(_brokers(settings, agency), agency))
    sys.stdout.write(f"{agency} may read nothing on the broker any more; what it has read it keeps\n")


def _brokers(settings: ServiceSettings, agency: str) -> Brokers:
    try:
        TypeAdapter(AgencyId).validate_python(agency)
    except ValidationError:
        raise Refused(Fault("SCHEMA", "/agency", "is no agency's id, such as MZ-INAR; write it as admitted")) from None
    if not settings.stream:
        raise Refused(Fault("NO_BROKER", "/stream", "agencies read topics from Kafka only; set HIFADHI_STREAM"))
    return wiring.brokers(settings)


def _read(path: Path) -> str:
    if stat.S_IMODE(path.stat().st_mode) & ~PRIVATE:
        raise Refused(Fault("NOT_PRIVATE", str(path), "others may read it; set its mode to 0600 and a new password"))
    password = path.read_text(encoding="utf-8").removesuffix("\n")
    if len(password) < LEAST_CHARACTERS or not password.isascii() or not password.isprintable():
        raise Refused(Fault("SCHEMA", str(path), f"holds one line, a password of {LEAST_CHARACTERS} or more of ASCII"))
    return password


def _made(path: Path) -> str:
    """A new one, on disk before it is used: what is lost in a crash would have to be set again."""
    password = secrets.token_urlsafe(RANDOM_BYTES)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    except OSError as error:
        raise Refused(Fault("NOT_WRITABLE", str(path), f"cannot be made ({error.strerror}); name another")) from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"{password}\n")
        file.flush()
        os.fsync(file.fileno())
    return password
