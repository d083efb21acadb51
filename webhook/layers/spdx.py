"""SPDX documents of version 2 as JSON (spdx.github.io/spdx-spec/v2.3): the system, and purls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.inside import System
from webhook.registry.documents import bad

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_MAX_PACKAGES = 100_000
_MAX_REFERENCES = 50
_NOTHING = frozenset({"", "unknown", "NOASSERTION", "NONE"})


def read_spdx(document: Mapping[str, object]) -> tuple[System | None, list[str]]:
    """The system, where the document names it, and the purls of its packages.

    Raises:
        BadContentError: it is no SPDX document of version 2, or lists more than any image has.
    """
    version = document.get("spdxVersion")
    packages = document.get("packages")
    if not isinstance(version, str) or not version.startswith("SPDX-2."):
        raise bad("the list of components is no SPDX document of version 2")
    if not isinstance(packages, list) or len(packages) > _MAX_PACKAGES:
        raise bad(f"the SPDX document has no packages, or more than {_MAX_PACKAGES}")
    system: System | None = None
    purls: list[str] = []
    for one in packages:
        if not isinstance(one, dict):
            continue
        if one.get("primaryPackagePurpose") in {"OPERATING-SYSTEM", "OPERATING_SYSTEM"}:
            system = system or _system(one)
            continue
        purls += _purls(one)
    return system, purls


def _system(one: Mapping[str, object]) -> System | None:
    name, version = one.get("name"), one.get("versionInfo")
    if not isinstance(name, str) or not name:
        return None
    known = version if isinstance(version, str) and version not in _NOTHING else ""
    return System(id=name.lower(), name=f"{name} {known}".strip(), version=known)


def _purls(one: Mapping[str, object]) -> Iterator[str]:
    """The first purl of a package: some tools list guesses behind it."""
    references = one.get("externalRefs")
    for found in references[:_MAX_REFERENCES] if isinstance(references, list) else ():
        if isinstance(found, dict) and found.get("referenceType") == "purl":
            locator = found.get("referenceLocator")
            if isinstance(locator, str):
                yield locator
                return
