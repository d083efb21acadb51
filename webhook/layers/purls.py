"""Package URLs that somebody else wrote (purl-spec): read, and bounded."""

from __future__ import annotations

import msgspec
from packageurl import PackageURL

_MAX_PURL = 2048
_JOINED = {"maven": ":"}
"""How names of a language join a group and a name; all others with a slash."""


class Purl(msgspec.Struct, frozen=True):
    """The parts that are read here."""

    kind: str
    name: str
    version: str
    namespace: str = ""
    qualifiers: dict[str, str] = {}

    @property
    def full_name(self) -> str:
        """The name as its own tools write it: `@babel/core`, `org.apache:log4j`."""
        if not self.namespace:
            return self.name
        return f"{self.namespace}{_JOINED.get(self.kind, '/')}{self.name}"

    def qualifier(self, name: str) -> str:
        """One qualifier; empty where it is not there."""
        return self.qualifiers.get(name, "")


def read_purl(text: str) -> Purl | None:
    """The parts of a package URL; None where it is none.

    >>> read_purl("pkg:npm/%40babel/core@7.0.0").full_name
    '@babel/core'
    """
    if len(text) > _MAX_PURL:
        return None
    try:
        found = PackageURL.from_string(text)
    except ValueError:
        return None
    return Purl(
        kind=found.type,
        name=found.name,
        version=found.version or "",
        namespace=found.namespace or "",
        qualifiers=dict(found.qualifiers),
    )
