"""A plain JDK 17 judges our ledgers, by a program of one file without dependencies."""

import pytest

from independent.programs import Verifier, java
from independent.verifier_contract import VerifierContract


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    return java(tmp_path_factory.mktemp("classes"))


class TestJava(VerifierContract):
    pass
