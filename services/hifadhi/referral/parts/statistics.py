"""The body that is counted, the same for every type that has one."""

from typing import Annotated, Literal

from hifadhi.referral.closed import Closed, Country, Maybe, pattern
from hifadhi.referral.coded import Outcome, ProfileGroup
from hifadhi.referral.pieces import Sex


class Statistics(Closed):
    """What is counted: coarse on purpose."""

    quarter: Annotated[str, pattern(r"^20[0-9]{2}-Q[1-4]$")]
    origin: Maybe[Country] = None
    age_band: Literal["0-4", "5-11", "12-17", "18-59", "60+", "U"]
    sex: Sex
    profile_group: ProfileGroup
    outcome: Maybe[Outcome] = None
