"""Which files are Dockerfiles."""

from __future__ import annotations

import pytest

from webhook.dockerfiles.names import is_dockerfile


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Dockerfile", True),
        ("dockerfile", True),
        ("Containerfile", True),
        ("web.Dockerfile", True),
        ("web.dockerfile", True),
        ("Dockerfile.alpine", True),
        ("Dockerfile-dev", True),
        ("Dockerfile.dockerignore", False),
        ("dockerfile.py", False),
        ("Dockerfile.yaml", False),
        ("mydockerfile", False),
        ("Dockerfiles", False),
    ],
)
def test_a_file_is_a_dockerfile_by_its_name(name: str, *, expected: bool) -> None:
    assert is_dockerfile(name) is expected
