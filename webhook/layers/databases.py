"""Where package databases lie, and who reads which (paths: those of syft's catalogers)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webhook.layers.apk import read_apk
from webhook.layers.dpkg import read_dpkg
from webhook.layers.layer import Packages
from webhook.layers.pacman import read_pacman
from webhook.layers.rpm import read_rpm
from webhook.layers.rpm_manifest import read_rpm_manifest

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.core.contents import Package

_RPM = r"(?:var/lib|usr/lib/sysimage|usr/share)/rpm"
_PLACES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"var/lib/dpkg/status"), "dpkg"),
    (re.compile(r"var/lib/dpkg/status\.d/[^/]+(?<!\.md5sums)"), "dpkg"),
    (re.compile(r"(?:usr/)?lib/apk/db/installed"), "apk"),
    (re.compile(rf"{_RPM}/rpmdb\.sqlite"), "rpm-sqlite"),
    (re.compile(rf"{_RPM}/Packages\.db"), "rpm-ndb"),
    (re.compile(rf"{_RPM}/Packages"), "rpm-bdb"),
    (re.compile(r"var/lib/rpmmanifest/container-manifest-2"), "rpm-manifest"),
    (re.compile(r"var/lib/pacman/local/[^/]+/desc"), "pacman"),
)
_READERS: dict[str, tuple[str, Callable[[bytes], list[Package]]]] = {
    "dpkg": ("deb", read_dpkg),
    "apk": ("apk", read_apk),
    "rpm-sqlite": ("rpm", read_rpm),
    "rpm-manifest": ("rpm", read_rpm_manifest),
    "pacman": ("alpm", read_pacman),
}
_UNREAD = {
    "rpm-ndb": "its package database is in rpm's ndb format, which is not read here",
    "rpm-bdb": "its package database is in Berkeley DB, rpm's old format, which is not read here",
}
_HINTS = ("/dpkg/", "/apk/", "/rpm/", "/rpmmanifest/", "/pacman/")


def kind_of(path: str) -> str | None:
    """What kind of package database lies at this path, if one does."""
    # Most paths have none of these words, and a search for words is quick.
    if not any(hint in path for hint in _HINTS):
        return None
    return next((kind for place, kind in _PLACES if place.fullmatch(path)), None)


def unread(kind: str) -> str:
    """Why databases of this kind are not read; empty where they are."""
    return _UNREAD.get(kind, "")


def empty(kind: str, problem: str = "") -> Packages:
    """A database of this kind without packages, and why it has none."""
    return Packages(_READERS[kind][0] if kind in _READERS else "rpm", problem=problem)


def read(kind: str, body: bytes) -> Packages:
    """Read a database; one that cannot be read says so, and is never an empty one."""
    family, reader = _READERS[kind]
    try:
        return Packages(family, tuple(reader(body)))
    except ValueError as error:
        return Packages(family, problem=f"its package database cannot be read: {error}")
