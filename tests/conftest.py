"""What every test gets."""

import pytest

from tests.tools import require_tool


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test whose marker names a tool that is not here."""
    for marker in item.iter_markers("tool"):
        require_tool(*marker.args)
