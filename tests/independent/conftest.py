from independent.verifier_contract import ledgers
from liars.conftest import honest, liar

__all__ = ["honest", "ledgers", "liar"]
