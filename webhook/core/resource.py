"""One document as a resource: its kind, its name and its outer shape are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable
from webhook.core.resource_fields import Fields, is_name, is_namespace
from webhook.core.timestamps import parse_moment

if TYPE_CHECKING:
    from datetime import datetime

    from webhook.core.document import Document

API_VERSION = "cocket.dev/v1alpha1"
REGISTRY = "Registry"
CLUSTER_POLICY = "ClusterImagePolicy"
POLICY = "ImagePolicy"
EXCEPTION = "ImageException"
KINDS = (REGISTRY, CLUSTER_POLICY, POLICY, EXCEPTION)
NAMESPACED = frozenset({POLICY, EXCEPTION})

# What the API server adds to an object's metadata, so that `kubectl get -o yaml` can be read back.
_METADATA = (
    *("annotations", "creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp"),
    *("finalizers", "generation", "labels", "managedFields", "ownerReferences"),
    *("resourceVersion", "selfLink", "uid", "generateName"),
)
_MAX_NAME = 253
_KIND_NAMES = f"{', '.join(KINDS[:-1])} and {KINDS[-1]}"


MAX_LOCAL_SPEC = 32 * 1024
"""Bytes, as JSON, of the spec of an object in a namespace: a hundred times what people write. Every
replica holds all of them, and whoever has a namespace must not fill its memory."""


class TooLarge(msgspec.Struct, frozen=True):
    """Stands in the place of a spec of more than `MAX_LOCAL_SPEC`, which is not kept."""


class Resource(msgspec.Struct, frozen=True):
    """A document of which all but the spec was read."""

    document: Document
    kind: str
    namespace: str
    """Empty where the kind has none."""
    name: str
    top: Fields
    spec: Fields
    created: datetime | None
    """When the API server made it; None for one that was never there."""

    @property
    def full_name(self) -> str:
        """`name`, or `namespace/name`."""
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def key(self) -> tuple[str, str, str]:
        """What no two of them have in common."""
        return (self.kind, self.namespace, self.name)


def read_resource(document: Document) -> Resource:
    """Read everything but the spec.

    Raises:
        FieldError: it is of another kind or version, or its outer shape is wrong.
    """
    top = Fields(document, "", document.data)
    kind = top.text("kind")
    if kind not in KINDS:
        raise top.error(
            f"{printable(kind, 60)} is no kind of policy; here stand {_KIND_NAMES}", "kind"
        )
    version = top.text("apiVersion")
    if version != API_VERSION:
        raise top.error(f"expected {API_VERSION}, got {printable(version, 60)}", "apiVersion")
    metadata = top.section("metadata")
    name = metadata.text("name")
    if not is_name(name):
        raise metadata.error("expected small letters, digits, dots and hyphens", "name")
    namespace = metadata.text("namespace") if kind in NAMESPACED else ""
    if namespace and not is_namespace(namespace):
        raise metadata.error("expected small letters, digits and hyphens", "namespace")
    title = f"{kind} {namespace}/{name}" if namespace else f"{kind} {name}"
    titled = Fields(document, title, document.data)
    metadata = titled.section("metadata")
    metadata.allow("name", *(["namespace"] if namespace else []), *_METADATA)
    metadata.end()
    titled.allow("apiVersion", "kind", "status")
    if not titled.has("spec"):
        raise titled.error("spec is missing")
    if titled.holds("spec", TooLarge):
        raise titled.error(f"it has more than {MAX_LOCAL_SPEC} bytes, and is not read", "spec")
    spec = titled.section("spec")
    titled.end()
    return Resource(document, kind, namespace, name, titled, spec, _created(document.data))


def identity(data: object) -> tuple[str, str, str]:
    """Kind, namespace and name of whatever it is, as far as anybody can tell; printable."""
    top = data if isinstance(data, dict) else {}
    metadata = top.get("metadata")
    names = metadata if isinstance(metadata, dict) else {}
    return _shown(top.get("kind")), _shown(names.get("namespace")), _shown(names.get("name"))


def _shown(value: object) -> str:
    return printable(value, _MAX_NAME) if isinstance(value, str) else ""


def _created(data: object) -> datetime | None:
    match data:
        case {"metadata": {"creationTimestamp": str(text)}}:
            moment = parse_moment(text)
            return None if moment is None else moment.at
        case _:
            return None
