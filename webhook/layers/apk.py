"""Alpine's and Wolfi's package database (apk-tools, «installed»): lines `LETTER:value`."""

from __future__ import annotations

from webhook.core.contents import Package
from webhook.layers.dpkg import MAX_PACKAGES


def read_apk(body: bytes) -> list[Package]:
    """The installed packages; P is the name, V the version, A the architecture, o the origin.

    Raises:
        ValueError: there are more than `MAX_PACKAGES`.
    """
    found: list[Package] = []
    fields: dict[str, str] = {}
    for line in [*body.decode(errors="replace").split("\n"), ""]:
        if line:
            if line[1:2] == ":" and line[0] in "PVAo":
                fields[line[0]] = line[2:]
            continue
        if "P" in fields and "V" in fields:
            origin = fields.get("o", "")
            source = origin if origin != fields["P"] else ""
            found.append(Package(fields["P"], fields["V"], fields.get("A", ""), source))
            if len(found) > MAX_PACKAGES:
                raise ValueError(f"it lists more than {MAX_PACKAGES} packages")
        fields = {}
    return found
