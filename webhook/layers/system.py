"""Which operating system an image is made of, and until when somebody mends it (os-release(5))."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from webhook.core.inside import System
from webhook.core.printable import printable
from webhook.layers.end_of_life import until

if TYPE_CHECKING:
    from collections.abc import Iterable

_MAX_TEXT = 100
_MAX_LINES = 200


def system_of(text: str | None, *, databases: Iterable[str]) -> System:
    """The system that an os-release file describes.

    Args:
        text: of the file; None where the image has none.
        databases: paths of its package databases.
    """
    paths = tuple(databases)
    if text is None:
        return System(id="" if paths else "scratch", name="" if paths else "none (scratch)")
    fields = _fields(text)
    name = fields.get("ID", "linux").lower()
    version = fields.get("VERSION_ID", "") or fields.get("BUILD_ID", "")
    # Packages listed one by one, and no `status` that apt could work with.
    bare = any("/dpkg/status.d/" in path for path in paths)
    if bare and "var/lib/dpkg/status" in paths:
        bare = False
    return System(
        id=printable(name, _MAX_TEXT),
        name=printable(fields.get("PRETTY_NAME", "") or f"{name} {version}".strip(), _MAX_TEXT),
        version=printable(version, _MAX_TEXT),
        variant="distroless" if bare else printable(fields.get("VARIANT_ID", ""), _MAX_TEXT),
        until=until(name, version),
    )


def _fields(text: str) -> dict[str, str]:
    """The assignments of the file; the last of one name wins, as in a shell."""
    fields: dict[str, str] = {}
    for line in text.splitlines()[:_MAX_LINES]:
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            try:
                words = shlex.split(value)
            except ValueError:
                continue
            fields[key] = words[0] if words else ""
    return fields
