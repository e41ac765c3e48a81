import os

from hypothesis import settings

from servers import kafka, postgres

__all__ = ["kafka", "postgres"]

# No deadline: on a machine that others use too, a slow example says nothing about the program.
settings.register_profile("default", deadline=None)
settings.register_profile("nightly", deadline=None, max_examples=15_000, stateful_step_count=100)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
