"""The real tools that some tests need: where they are, or why a test is skipped."""

import shutil
from pathlib import Path

import pytest

BROUGHT = Path(__file__).parents[1] / ".tools" / "bin"


def require_tool(name: str) -> Path:
    """Find what `make tools` brought, else what the machine has, else skip the test."""
    if found := shutil.which(name, path=BROUGHT) or shutil.which(name):
        return Path(found)
    pytest.skip(f"tool missing: {name} (run `make tools`)")
