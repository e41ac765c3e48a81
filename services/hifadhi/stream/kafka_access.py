"""What an agency may do on the brokers: read its own inbox's topic, in groups of its own, and nothing else.

aiokafka's admin knows neither users nor ACLs, so this is kafka-python's, which blocks and therefore has a thread. We
come as a user that may alter the cluster. An agency is the user of its own id, where a password is asked for.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    KafkaAdminClient,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.errors import KafkaError

from hifadhi.errors import Unavailable
from hifadhi.stream import topics
from hifadhi.stream.kafka_brokers import REQUEST_MS, Brokers

MECHANISM: Final = "SCRAM-SHA-512"
ITERATIONS: Final = 8192
_ANYWHERE: Final = "*"

logging.getLogger("kafka").addHandler(logging.NullHandler())  # as for aiokafka: our errors say what went wrong


async def grant(brokers: Brokers, agency: str, password: str) -> None:
    """Let the agency in with this password, and no other. `Unavailable`: not, or only in part; do it again."""
    await asyncio.to_thread(
        _with_admin, brokers, lambda admin: _grant(admin, rights(brokers, agency), agency, password)
    )


async def revoke(brokers: Brokers, agency: str) -> None:
    """Let the agency in no more; it keeps what it has read. `Unavailable`: not, or only in part; do it again."""
    await asyncio.to_thread(_with_admin, brokers, lambda admin: _revoke(admin, agency))


def rights(brokers: Brokers, agency: str) -> list[ACL]:
    """All that an agency may do."""
    topic = ResourcePattern(ResourceType.TOPIC, brokers.prefix + topics.inbox(agency).name)
    # The point ends the id: without it the groups of an agency whose id begins with this one would be its groups too.
    groups = ResourcePattern(ResourceType.GROUP, f"agency.{agency}.", ACLResourcePatternType.PREFIXED)
    allowed = ((topic, ACLOperation.READ), (topic, ACLOperation.DESCRIBE), (groups, ACLOperation.READ))
    return [ACL(_user(agency), _ANYWHERE, may, ACLPermissionType.ALLOW, on) for on, may in allowed]


def _grant(admin: Any, acls: Sequence[ACL], agency: str, password: str) -> None:  # noqa: ANN401 (it is not typed)
    failed = admin.create_acls(acls)["failed"]
    if failed:
        raise Unavailable(f"the rights of {agency} were not stored: {failed[0].__name__}")
    _alter(admin, UserScramCredentialUpsertion(agency, MECHANISM, password, iterations=ITERATIONS))


def _revoke(admin: Any, agency: str) -> None:  # noqa: ANN401 (it is not typed)
    if admin.describe_user_scram_credentials([agency])[agency]["credential_infos"]:
        _alter(admin, UserScramCredentialDeletion(agency, MECHANISM))
    everything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
    its = ACLFilter(_user(agency), None, ACLOperation.ANY, ACLPermissionType.ANY, everything)
    for _, _, error in admin.delete_acls([its]):
        if error.errno:
            raise Unavailable(f"the rights of {agency} were not taken away: {error.__name__}")


def _alter(admin: Any, alteration: Any) -> None:  # noqa: ANN401 (they are not typed)
    for user, error in admin.alter_user_scram_credentials([alteration]).items():
        if error:
            raise Unavailable(f"the password of {user} was not changed: {error}")


def _user(agency: str) -> str:
    return f"User:{agency}"


def _with_admin(brokers: Brokers, do: Callable[[Any], None]) -> None:
    with _contract(), closing(KafkaAdminClient(**_client(brokers))) as admin:
        do(admin)


def _client(brokers: Brokers) -> dict[str, Any]:
    given = brokers.client()
    named = ("bootstrap_servers", "security_protocol", "ssl_context", "sasl_mechanism")
    known = {name: given[name] for name in (*named, "sasl_plain_username", "sasl_plain_password") if name in given}
    return {**known, "request_timeout_ms": REQUEST_MS, "bootstrap_timeout_ms": REQUEST_MS}


@contextmanager
def _contract() -> Iterator[None]:
    """The port's words for what kafka-python raises."""
    try:
        yield
    except (KafkaError, OSError) as error:
        raise Unavailable(f"the brokers gave {type(error).__name__}; try again") from error
