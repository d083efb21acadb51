"""Installs that do not say what they install."""

from __future__ import annotations

import time

import pytest

from webhook.dockerfiles.packages import unversioned


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("apk add curl", [("apk add", "curl")]),
        ("apk add --no-cache tini=0.19.0-r3", []),
        ("apk add 'tini~=0.19' \"curl>8\"", []),
        ("apk --no-cache add -t .deps gcc musl-dev", [("apk add", "gcc musl-dev")]),
        ("apk update && apk add a", [("apk add", "a")]),
        ("apk del a", []),
        ("apt-get update && apt-get install -y tini", [("apt-get install", "tini")]),
        ("apt-get -qq install -t stable a=1 b", [("apt-get install", "b")]),
        ("apt install a/stable ./b.deb", []),
        ("DEBIAN_FRONTEND=x sudo apt-get install -y a", [("apt-get install", "a")]),
        ("apt-get upgrade", []),
        ("pip install flask", [("pip install", "flask")]),
        ("pip3 install flask==3.0 -r requirements.txt .", []),
        ("pip install 'uvicorn[standard]'", [("pip install", "uvicorn[standard]")]),
        ("pip install git+https://x/y ./z.whl a.whl -e src", []),
        ("/usr/bin/python3 -m pip install --user a", [("pip install", "a")]),
        ("python -m venv x", []),
        ("pip --version", []),
        ("set -e\napk add a\nif true; then apk add b; fi", [("apk add", "a"), ("apk add", "b")]),
        ('apk add "tini=${TINI}" $PACKAGES', []),
        ("echo apk add a", []),
        ("", []),
    ],
)
def test_packages_without_a_version_are_found(text: str, found: list[tuple[str, str]]) -> None:
    assert [(one.program, " ".join(one.packages)) for one in unversioned(text)] == found


def test_a_long_text_is_read_in_little_time() -> None:
    began = time.monotonic()
    unversioned("apk add " + "a'\"" * 500_000)

    assert time.monotonic() - began < 5
