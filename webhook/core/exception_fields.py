"""The fields of an `ImageException`: what it lets through, where, why, and until when."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from webhook.core.exception import ANY_SEGMENT, ImageException, ImagePattern, NamedWorkload
from webhook.core.image import ImageRef, is_digest, normal_host
from webhook.core.printable import printable
from webhook.core.resource_fields import Fields, is_name, is_namespace
from webhook.core.rules import RULES
from webhook.core.timestamps import Moment, parse_moment
from webhook.errors import InvalidImageError

if TYPE_CHECKING:
    from datetime import datetime

MAX_REASON = 500
MAX_PERSON = 200
_MAX_PATTERN = 512
_MAX_SHOWN = 60
_DEEPER = "/**"
_STAND_IN = "x"
"""A segment that the grammar accepts, where the pattern has a wildcard."""
_FORM = (
    "write host/path/name, such as registry.example.com/prod/web, "
    "with * for one whole segment, or /** at the end"
)


class WorkloadKind(StrEnum):
    """Kinds of objects that name images, as in their `kind`."""

    POD = "Pod"
    DEPLOYMENT = "Deployment"
    REPLICA_SET = "ReplicaSet"
    REPLICATION_CONTROLLER = "ReplicationController"
    STATEFUL_SET = "StatefulSet"
    DAEMON_SET = "DaemonSet"
    JOB = "Job"
    CRON_JOB = "CronJob"
    POD_TEMPLATE = "PodTemplate"


def read_exception(
    name: str, spec: Fields, *, since: datetime | None, max_days: int
) -> ImageException:
    """The exception that a document's `spec` describes.

    Args:
        name: `namespace/name`.
        spec: its fields.
        since: when it was made; None where nobody knows, and then nobody can tell how long it is
            to last.
        max_days: how long at most.

    Raises:
        FieldError: a field is wrong; names it, and what to write instead.
    """
    rules = _rules(spec)
    namespaces = _namespaces(spec)
    image = _pattern(spec) if spec.has("image") else None
    workload = _workload(spec, namespaces) if spec.has("workload") else None
    reason = spec.text("reason", limit=MAX_REASON)
    requested_by = spec.text("requestedBy", "", limit=MAX_PERSON)
    expires = _expires(spec, since, max_days)
    spec.end()
    if image is None and workload is None:
        raise spec.error("image and workload are missing: write one of them, or both")
    return ImageException(
        name=name,
        rules=rules,
        namespaces=namespaces,
        image=image,
        workload=workload,
        reason=reason,
        requested_by=requested_by,
        expires=expires,
    )


def _rules(spec: Fields) -> frozenset[str]:
    rules = spec.texts("rules")
    for index, rule in enumerate(rules):
        if rule not in RULES:
            shown, known = printable(rule, _MAX_SHOWN), ", ".join(RULES)
            raise spec.error(f"no rule is called {shown}; known: {known}", "rules", index)
    return frozenset(rules)


def _namespaces(spec: Fields) -> frozenset[str]:
    namespaces = spec.texts("namespaces")
    for index, namespace in enumerate(namespaces):
        if not is_namespace(namespace):
            shown = printable(namespace, _MAX_SHOWN)
            message = f"{shown} is no name of a namespace; write whole names, without wildcards"
            raise spec.error(message, "namespaces", index)
    return frozenset(namespaces)


def _pattern(spec: Fields) -> ImagePattern:
    """The names that are meant: compared as parsed names, never as text."""
    written, pinned, digest = spec.text("image", limit=_MAX_PATTERN).partition("@")
    if pinned and not is_digest(digest):
        raise spec.error("expected @sha256: and 64 hexadecimal digits in lower case", "image")
    deeper = written.endswith(_DEEPER)
    text = written.removesuffix(_DEEPER)
    host, *segments = text.split("/")
    if not segments and not deeper:
        raise spec.error(f"expected host and path: {_FORM}", "image")
    if ANY_SEGMENT in host:
        raise spec.error(f"a host is written in full: {_FORM}", "image")
    if any(ANY_SEGMENT in one and one != ANY_SEGMENT for one in segments):
        raise spec.error(f"* stands for a whole segment: {_FORM}", "image")
    wild = [at for at, one in enumerate(reversed(segments), start=1) if one == ANY_SEGMENT]
    # Docker Hub puts `library/` before a single segment, and before no more than that.
    below = [_STAND_IN, _STAND_IN] if deeper else []
    concrete = [_STAND_IN if one == ANY_SEGMENT else one for one in segments]
    try:
        ref = ImageRef.parse("/".join([host, *concrete, *below]))
    except InvalidImageError as error:
        raise spec.error(f"it is no name of an image: {_FORM}", "image") from error
    if ref.host != normal_host(host):
        raise spec.error(f"{host} is no host; for Docker Hub write docker.io/{text}", "image")
    if ref.tag is not None:
        raise spec.error("leave out the tag, tags move: pin a digest, or none", "image")
    found = ref.repository.split("/")
    found = found[: len(found) - len(below)]
    for back in wild:
        found[-back] = ANY_SEGMENT
    return ImagePattern(host=ref.host, segments=tuple(found), deeper=deeper, digest=digest)


def _workload(spec: Fields, namespaces: frozenset[str]) -> NamedWorkload:
    workload = spec.section("workload")
    kind = workload.one_of("kind", WorkloadKind)
    name = workload.text("name")
    namespace = workload.text("namespace", "")
    workload.end()
    if not is_name(name):
        raise workload.error("write the whole name of the object, without wildcards", "name")
    if namespace and namespaces != {namespace}:
        raise workload.error("it must be the one entry of namespaces, or be left out", "namespace")
    return NamedWorkload(kind.value, name)


def _expires(spec: Fields, since: datetime | None, max_days: int) -> datetime:
    text = spec.text("expires")
    moment = parse_moment(text)
    if moment is None:
        shown = printable(text, _MAX_SHOWN)
        raise spec.error(f"{shown} is no date as in RFC 3339 (2026-11-20T08:00:00Z)", "expires")
    if since is None:
        raise spec.error("nobody knows when it was made, so nor how long it is to last", "expires")
    if moment.at - since > timedelta(days=max_days):
        raise spec.error(
            f"an exception lasts at most {max_days} days from when it was made "
            f"({Moment(since)}): write an earlier date, and make a new one then",
            "expires",
        )
    return moment.at
