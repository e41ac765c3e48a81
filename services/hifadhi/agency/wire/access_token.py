"""The bearer token with which an agency reads what is its own (`wire.md` §5)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hifadhi.evidence import strict_json
from hifadhi.evidence.jwk import PrivateJwk
from hifadhi.evidence.jws import ACCESS, sign_compact

LIFE_S: Final = 240
"""Below the five minutes that a hub allows, so that two clocks may differ a little."""
USE_S: Final = 120


@dataclass(slots=True)
class AccessToken:
    """A token that is made anew before it is old."""

    agency: str
    key: PrivateJwk
    audience: str
    clock_s: Callable[[], float] = time.time
    _made_at: float = float("-inf")
    _text: str = ""

    def text(self) -> str:
        """A token that lives for two more minutes at least."""
        now = self.clock_s()
        if not 0 <= now - self._made_at < USE_S:  # a clock that was set back makes a new one too
            self._made_at, self._text = now, self._fresh(int(now))
        return self._text

    def _fresh(self, now_s: int) -> str:
        claims = {"iss": self.agency, "aud": self.audience, "iat": now_s, "exp": now_s + LIFE_S}
        return sign_compact(strict_json.dump(claims), typ=ACCESS, key=self.key)
