import os

from hypothesis import settings

# No deadline: on a machine that others use too, a slow example says nothing about the program.
settings.register_profile("default", deadline=None)
settings.register_profile("nightly", deadline=None, max_examples=1_000, stateful_step_count=100)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
