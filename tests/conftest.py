import os

import pytest
from hypothesis import settings

from servers import kafka, postgres

__all__ = ["kafka", "postgres"]

# No deadline: on a machine that others use too, a slow example says nothing about the program.
settings.register_profile("default", deadline=None)
settings.register_profile("nightly", deadline=None, max_examples=15_000, stateful_step_count=100)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is given more time than the rest goes first: last, one worker would be left alone with it."""
    items.sort(key=lambda item: item.get_closest_marker("timeout") is None)
