"""The port's words for what PostgreSQL and its driver say, never with a value of a row."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy import exc

from hifadhi.errors import Tampered, Unavailable
from hifadhi.store import port

# By SQLSTATE or its class: a lost connection, no resources, an operator's hand, a transaction to be tried again.
_AGAIN: Final = ("08", "40", "53", "55P03", "57", "58")
_CORRUPT: Final = frozenset({"XX001", "XX002"})


@contextmanager
def contract() -> Iterator[None]:
    """`Unavailable`: try again. `Tampered`: the files are damaged. All else is a mistake of ours, and passes."""
    try:
        with port.contract():
            yield
    except exc.DBAPIError as error:
        name, state = type(error.orig).__name__, str(getattr(error.orig, "sqlstate", None) or "")
        if state in _CORRUPT:
            raise Tampered(f"the database: {name} ({state})") from None
        if not state or state.startswith(_AGAIN) or name == "InvalidCachedStatementError":
            raise Unavailable(f"the database: {name} ({state or 'no connection'})") from None
        raise _without_values(error, f"{name} ({state})") from None
    except OSError as error:  # no connection, or a deadline
        raise Unavailable(f"the database: {type(error).__name__}") from error


def _without_values(error: exc.DBAPIError, said: str) -> exc.DBAPIError:
    # The server's words name the row that failed, and the driver's the value.
    return type(error)(error.statement, None, PostgresError(said), hide_parameters=True)


class PostgresError(Exception):
    """Which of PostgreSQL's errors it was."""
