"""A case as a row keeps it."""

import os
import subprocess
import sys

import pytest

from hifadhi.referral.case import Case, Referral

AGENCIES = ("KE-DRS", "MZ-INAR", "TZ-RSD", "UNHCR-RO", "ZA-DHA")
WRITE = f"""
import sys
from hifadhi.referral.case import Case
sys.stdout.buffer.write(Case("c", 1, "MZ-INAR", frozenset({AGENCIES})).to_bytes())
"""


def written(hash_seed: str) -> bytes:
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    return subprocess.run([sys.executable, "-c", WRITE], env=environment, capture_output=True, check=True).stdout


@pytest.mark.slow
def test_the_same_case_is_the_same_bytes_in_every_process() -> None:
    assert len({written(seed) for seed in ("1", "2", "3")}) == 1


def test_a_case_is_read_back_as_it_was_written() -> None:
    asked = Referral("r", "responsibility", "routine", "MZ-INAR", "ZA-DHA", clock="receipt", due=1)
    case = Case("c", 2, "MZ-INAR", frozenset(AGENCIES), {"r": asked})
    assert Case.from_bytes(case.to_bytes()) == case
