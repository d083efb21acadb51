"""What every test gets."""

import pytest
from hypothesis import HealthCheck, settings

from tests.tools import require_tool

# How long an example takes is the machine's matter. Under CI examples are the same in every run.
settings.register_profile(
    "cocket", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("cocket")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose marker names a tool that is not here."""
    for marker in item.iter_markers("tool"):
        require_tool(*marker.args)
