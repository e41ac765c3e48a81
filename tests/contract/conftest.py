import pytest

pytest.register_assert_rewrite(
    "contract.stream_contract", "contract.stream_life_contract", "contract.store_contract", "contract.processes"
)
