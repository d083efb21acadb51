"""Property tests here are about bounds in work, not in seconds of a machine that others share."""

from hypothesis import settings

settings.register_profile("registry", deadline=None)
settings.load_profile("registry")
