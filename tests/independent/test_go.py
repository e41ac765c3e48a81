"""Go's `golang.org/x/mod/sumdb/{note,tlog}`, written for another log of the same formats, judges ours."""

import pytest

from independent.programs import Verifier, go
from independent.verifier_contract import VerifierContract


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    return go()


class TestGo(VerifierContract):
    pass
