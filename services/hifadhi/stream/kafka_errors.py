"""The port's words for what aiokafka raises."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka.errors import KafkaError, KafkaTimeoutError

from hifadhi.errors import Unavailable


@contextmanager
def contract(doing: str) -> Iterator[None]:
    """`Unavailable` for everything that the client, the network or a deadline raises."""
    try:
        yield
    except (KafkaTimeoutError, TimeoutError) as error:
        raise Unavailable(f"{doing}: no answer from the brokers in time; try again") from error
    except (KafkaError, OSError) as error:
        raise Unavailable(f"{doing}: the brokers gave {type(error).__name__}; try again") from error
