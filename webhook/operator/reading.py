"""Objects of the API as documents, and what the one reader of policies says of each. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self, TypeAlias

import msgspec

from webhook.cluster.mirror import HasMetadata
from webhook.core.document import Document
from webhook.core.resource import EXCEPTION, MAX_LOCAL_SPEC, TooLarge
from webhook.operator.conditions import Found, Truth

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from webhook.cluster.kinds import Kind
    from webhook.core.reading import Loaded

READY = "Ready"

Key: TypeAlias = tuple[str, str, str]
"""Kind, namespace (empty where the kind has none) and name."""

_NOTHING = msgspec.Raw(b"null")


class Item(HasMetadata):
    """An object of ours; labels and annotations are the users' own."""

    spec: msgspec.Raw = _NOTHING
    status: msgspec.Raw = _NOTHING

    def copied(self) -> Self:
        """A copy of what counts: the original is part of a whole page.

        A spec that is too large to be kept is empty in it.
        """
        too_large = self.metadata.namespace and len(memoryview(self.spec)) > MAX_LOCAL_SPEC
        spec = b"" if too_large else bytes(self.spec)
        return type(self)(self.metadata, msgspec.Raw(spec), msgspec.Raw(bytes(self.status)))


def documents(found: Iterable[tuple[Kind, Item]]) -> Iterable[Document]:
    """Objects as the reader of policies takes them."""
    for kind, item in found:
        metadata = {
            "name": item.metadata.name,
            "creationTimestamp": item.metadata.creation_timestamp or "",
        }
        if kind.namespaced:
            metadata["namespace"] = item.metadata.namespace
        top = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}
        spec = decoded(item.spec) if memoryview(item.spec) else TooLarge()
        yield Document("", 0, {**top, "spec": spec})


def decoded(raw: msgspec.Raw) -> object:
    """Plain data; None where it is none."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def answers(keys: Iterable[Key], loaded: Loaded, now: datetime) -> dict[Key, Found]:
    """The condition `Ready` of each object.

    Args:
        keys: of all objects that were read.
        loaded: what they make together.
        now: aware.
    """
    bad = {(one.kind, one.namespace, one.name): one.message for one in loaded.policies.broken}
    idle = {(one.kind, one.namespace, one.name): one.message for one in loaded.ignored}
    expired = {one.name for one in loaded.policies.exceptions if one.expires <= now}
    warnings = _by_title(loaded.warnings)
    told: dict[Key, Found] = {}
    for key in keys:
        kind, namespace, name = key
        full_name = f"{namespace}/{name}" if namespace else name
        if key in bad:
            told[key] = Found(READY, Truth.FALSE, "Invalid", bad[key])
        elif key in idle:
            told[key] = Found(READY, Truth.FALSE, "NotHonoured", idle[key])
        elif kind == EXCEPTION and full_name in expired:
            told[key] = Found(READY, Truth.FALSE, "Expired", "it has expired and has no effect")
        elif warned := warnings.get(f"{kind} {full_name}"):
            told[key] = Found(READY, Truth.TRUE, "InForceWithWarnings", "; ".join(warned))
        else:
            told[key] = Found(READY, Truth.TRUE, "InForce", "it is in force")
    return told


def _by_title(warnings: Iterable[str]) -> dict[str, list[str]]:
    """What there is to say of each document; a warning is `Kind name: path: what`."""
    found: dict[str, list[str]] = {}
    for warning in warnings:
        title, _, said = warning.partition(": ")
        found.setdefault(title, []).append(said)
    return found
