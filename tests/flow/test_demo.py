"""The first thing that a newcomer runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_the_demo_tells_its_story_and_ends_with_a_verified_ledger(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).parent / "hifadhi"), "demo", "--folder", str(tmp_path / "demo")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"Verified: \d+ leaves, \d+ recorded, 1 refused, 95 cases\.", done.stdout)
    assert "LIVE_REFERRAL" in done.stdout
    assert not done.stderr
