"""Arch Linux's package database (pacman, `local/*/desc`): `%FIELD%`, then its lines."""

from __future__ import annotations

from webhook.core.contents import Package


def read_pacman(body: bytes) -> list[Package]:
    """The one package that a `desc` file is about.

    Raises:
        ValueError: it names no package or no version.
    """
    fields: dict[str, str] = {}
    field = ""
    for line in body.decode(errors="replace").split("\n"):
        if line.startswith("%") and line.endswith("%"):
            field = line
        elif line and field:
            fields.setdefault(field, line)
        else:
            field = ""
    name, version = fields.get("%NAME%"), fields.get("%VERSION%")
    if not name or not version:
        raise ValueError("a package has no name or no version")
    source = fields.get("%BASE%", name)
    return [Package(name, version, fields.get("%ARCH%", ""), source if source != name else "")]
