from independent.verifier_contract import ledgers

__all__ = ["ledgers"]
