"""CycloneDX documents 1.4 to 1.6 as JSON (cyclonedx.org/docs): the system, and purls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.inside import System
from webhook.registry.documents import bad

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_VERSIONS = frozenset({"1.4", "1.5", "1.6"})
_MAX_COMPONENTS = 100_000


def read_cyclonedx(document: Mapping[str, object]) -> tuple[System | None, list[str]]:
    """The system, where the document names it, and the purls of its components.

    Raises:
        BadContentError: it is no CycloneDX of a version that is read, or lists more than any image
            has.
    """
    if document.get("bomFormat") != "CycloneDX" or document.get("specVersion") not in _VERSIONS:
        raise bad("the list of components is no CycloneDX document of version 1.4 to 1.6")
    system: System | None = None
    purls: list[str] = []
    for one in _components(document):
        purl = one.get("purl")
        if one.get("type") == "operating-system":
            system = system or _system(one)
        elif isinstance(purl, str):
            purls.append(purl)
    return system, purls


def _components(document: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """All components, those within others as well; the image itself stands elsewhere.

    The depth is that of any document that is read, see `strict.MAX_DEPTH`.
    """
    waiting: list[object] = [document.get("components")]
    count = 0
    while waiting:
        listed = waiting.pop()
        for one in listed if isinstance(listed, list) else ():
            count += 1
            if count > _MAX_COMPONENTS:
                raise bad(f"the CycloneDX document has more than {_MAX_COMPONENTS} components")
            if isinstance(one, dict):
                yield one
                waiting.append(one.get("components"))


def _system(one: Mapping[str, object]) -> System | None:
    name, version = one.get("name"), one.get("version")
    if not isinstance(name, str) or not name:
        return None
    known = version if isinstance(version, str) else ""
    return System(id=name.lower(), name=f"{name} {known}".strip(), version=known)
