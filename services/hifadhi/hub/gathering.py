"""How long a service that works in batches waits for more to come, once it has done one.

A batch costs a dozen questions to the database, however few are in it. So the wait is as long as the last batch was
large: who comes alone hardly waits, at a steady rate each batch finds a few more, and in a flood, when everybody waits
for the processors anyhow, one batch does for many. Behind a large one more is there already, and it cost each message
little: nobody waits there, and whoever measures how fast messages are ruled under load sees no waiting in it.
"""

from typing import Final

EACH_S: Final = 0.006
"""At 75 a second on two processors: with a third of it all wait for a processor, with twice as much for this."""
MOST_S: Final = 0.1
MANY: Final = 100


def wait_s(count: int) -> float:
    """Seconds to wait after a batch of `count`; none, if those were `MANY`."""
    return 0.0 if count >= MANY else min(MOST_S, count * EACH_S)
