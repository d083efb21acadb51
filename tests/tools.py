"""The real tools that some tests need: where they are, or why a test is skipped."""

import shutil
from pathlib import Path

import pytest

BROUGHT = Path(__file__).parents[1] / ".tools" / "bin"
DEBIAN = BROUGHT.parent / "debian"


def require_tool(name: str) -> Path:
    """Find what `make tools` brought, else what the machine has, else skip the test."""
    if found := shutil.which(name, path=BROUGHT) or shutil.which(name):
        return Path(found)
    pytest.skip(f"tool missing: {name} (run `make tools`)")


def require_servers() -> Path:
    """The same folder, where the servers are in it, too."""
    if not (DEBIAN / ".servers-2").exists():
        pytest.skip("tool missing: servers of Debian (run `make tools`)")
    return DEBIAN.resolve()


def require_debian() -> tuple[Path, dict[str, str]]:
    """The folder of Debian packages that `make tools` brought, and what finds their libraries."""
    if not (DEBIAN / ".whole").exists():
        pytest.skip("tool missing: Debian packages (run `make tools`)")
    libraries = DEBIAN / "usr" / "lib"
    found = ":".join(str(one.parent) for one in libraries.glob("*/librpm.so.9"))
    return DEBIAN.resolve(), {
        "LD_LIBRARY_PATH": found,
        "RPM_CONFIGDIR": str(libraries / "rpm"),
        "PATH": f"{DEBIAN}/usr/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
    }
