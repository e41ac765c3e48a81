"""How long a service that works in batches waits for more to come, once it has done one.

A batch costs some twenty questions to the database, however few are in it. So the wait is as long as the last batch was
large: who comes alone hardly waits, at a steady rate each batch finds a few more, and in a flood, when everybody waits
for the processors anyhow, one batch does for many. Behind a full one more is there already.
"""

from typing import Final

EACH_S: Final = 0.002
MOST_S: Final = 0.1


def wait_s(count: int, many: int) -> float:
    """Seconds to wait after a batch of `count`; none, if those were at least `many`."""
    return 0.0 if count >= many else min(MOST_S, count * EACH_S)
