"""The store port: rows, in transactions, through SQLAlchemy Core.

Every adapter keeps these promises, proven by one contract suite:

* When the block of `write` has ended without an exception, all that it did is on disk; otherwise nothing of it is.
  It sees its own changes and what others have committed. A compare-and-swap (an UPDATE with the expected values in
  its WHERE) that changed one row has won: no other transaction changed that row from the same values.
* The block of `read` sees one committed state from its first statement on, whatever is written meanwhile. It cannot
  write, holds up no writer and is held up by none.
* The block of `look` is for questions that need no common state: each statement sees a committed one, of the block's
  start or later, and it costs one round trip and no more. Else it is as `read`.

Errors: what means *try again* (a lock, a lost connection, a full pool, a deadline) is `Unavailable`; of a commit it
means that the outcome is unknown: read again what is there. `sqlalchemy.exc.IntegrityError` passes as it is.
"""

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Protocol

from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection

from hifadhi.errors import Unavailable


class Store(Protocol):
    """One database. An object serves one event loop; all its methods may be called concurrently."""

    def write(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A transaction that writes: committed when the block ends, rolled back on an exception or a cancellation.

        Writers may be made to wait for each other. Keep the block short, and never open one within another.
        """

    def read(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """A snapshot, which cannot be written to."""

    def look(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """Single questions, each with a state of its own; cannot be written to."""

    async def migrate(self) -> None:
        """Bring the tables to this release's revision, or do nothing. Several processes may call it at once.

        A database that a later release has brought further is left as it is: revisions only add, so that releases
        can be rolled back (`migrations/versions/README.md`).
        """

    async def close(self) -> None:
        """Let go of all connections. Idempotent."""


@contextmanager
def contract() -> Iterator[None]:
    """The port's words for what SQLAlchemy raises."""
    try:
        yield
    except (exc.OperationalError, exc.TimeoutError) as error:
        raise _unavailable(error) from error
    except exc.DBAPIError as error:
        if error.connection_invalidated:
            raise _unavailable(error) from error
        raise


def _unavailable(error: exc.SQLAlchemyError) -> Unavailable:
    # The driver's words only: SQLAlchemy's carry the statement.
    return Unavailable(f"the database: {getattr(error, 'orig', None) or error}")
