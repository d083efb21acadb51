"""What every object of the API has, as far as we read it."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

Key: TypeAlias = tuple[str, str]
"""Namespace (empty where the kind has none) and name."""


class Metadata(msgspec.Struct, rename="camel", gc=False):
    """`metadata` of an object (API conventions, «Metadata»)."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    generation: int = 0
    creation_timestamp: str | None = None
    """None in the bookmark of a watch, which is of no object."""

    @property
    def key(self) -> Key:
        """How the object is found."""
        return (self.namespace, self.name)


class Labelled(Metadata, rename="camel", gc=True):
    """The same with labels and annotations, where they are read."""

    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class ListMetadata(msgspec.Struct, rename="camel"):
    """`metadata` of a list."""

    resource_version: str = ""
    continue_token: str = msgspec.field(default="", name="continue")


class Object(msgspec.Struct):
    """An object of which only the name is read."""

    metadata: Metadata
