"""What holds for all tests."""

from hypothesis import settings

# How long one example takes depends on what else the machine does.
settings.register_profile(
    "perilune", settings.get_profile(settings.get_current_profile_name()), deadline=None
)
settings.load_profile("perilune")
