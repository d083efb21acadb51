"""Debian's package database: paragraphs of fields (deb-control(5), dpkg's `status`)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.contents import Package

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIELDS = frozenset((b"package", b"status", b"version", b"architecture", b"source"))
_INSTALLED = frozenset((b"installed", b"triggers-awaited", b"triggers-pending"))
MAX_PACKAGES = 50_000


def read_dpkg(body: bytes) -> list[Package]:
    """The installed packages of a `status` file, or of a file of distroless' `status.d`.

    Those of `status.d` carry no Status field: they are there.

    Raises:
        ValueError: there are more than `MAX_PACKAGES`.
    """
    found: list[Package] = []
    for fields in paragraphs(body):
        name, version = fields.get(b"package"), fields.get(b"version")
        status = fields.get(b"status", b"install ok installed").split()
        if not name or not version or not status or status[-1] not in _INSTALLED:
            continue
        source = fields.get(b"source", b"").split(b" ")[0]
        found.append(
            Package(
                name=_text(name),
                version=_text(version),
                architecture=_text(fields.get(b"architecture", b"")),
                source=_text(source) if source != name else "",
            )
        )
        if len(found) > MAX_PACKAGES:
            raise ValueError(f"it lists more than {MAX_PACKAGES} packages")
    return found


def paragraphs(body: bytes) -> Iterator[dict[bytes, bytes]]:
    """The fields of each paragraph that matter here: first lines, by names in lower case."""
    fields: dict[bytes, bytes] = {}
    for line in body.split(b"\n"):
        if not line.strip():
            if fields:
                yield fields
                fields = {}
        elif line[:1] not in b" \t":
            name, colon, value = line.partition(b":")
            key = name.lower()
            if colon and key in _FIELDS:
                fields[key] = value.strip()
    if fields:
        yield fields


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
