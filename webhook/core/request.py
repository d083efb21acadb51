"""The request in an AdmissionReview, and the workload it is about (admission.k8s.io/v1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from webhook.core.object_fields import Pod
from webhook.core.objects import Asked, decode_workload, pod_workload
from webhook.core.printable import printable
from webhook.core.shape_errors import shape_error
from webhook.errors import InvalidReviewError

if TYPE_CHECKING:
    from webhook.core.workload import Workload

_NULL = msgspec.Raw(b"null")
_NAMES_IMAGES = frozenset({"", "ephemeralcontainers"})
"""Subresources through which an image can be named; the others cannot change one."""


class Kind(msgspec.Struct, frozen=True, gc=False):
    """meta/v1 GroupVersionKind."""

    group: str = ""
    version: str = ""
    kind: str = ""


class Resource(msgspec.Struct, frozen=True, gc=False):
    """meta/v1 GroupVersionResource."""

    group: str = ""
    version: str = ""
    resource: str = ""


class User(msgspec.Struct, frozen=True, gc=False):
    """authentication/v1 UserInfo."""

    username: str = ""
    groups: tuple[str, ...] | None = None


class _StaticMetadata(msgspec.Struct, frozen=True, gc=False):
    annotations: dict[str, str] | None = None


class _StaticSpec(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    node_name: str | None = None


class _StaticPod(msgspec.Struct, frozen=True, gc=False):
    """What tells a mirror Pod, read only where a node asks."""

    metadata: _StaticMetadata | None = None
    spec: _StaticSpec | None = None


class Said(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename="camel"):
    """AdmissionRequest, as far as it is read, but for the object."""

    uid: str
    kind: Kind = Kind()
    resource: Resource = Resource()
    sub_resource: str | None = None
    name: str | None = None
    namespace: str | None = None
    operation: str = ""
    user_info: User = User()
    old_object: msgspec.Raw = _NULL
    dry_run: bool | None = None


class RawRequest(Said, frozen=True, gc=False, kw_only=True):
    """A request about an object that stays JSON until it is clear what it is."""

    object: msgspec.Raw = _NULL


class PodRequest(Said, frozen=True, gc=False, kw_only=True):
    """A request about a Pod, of which the object was read in the same go."""

    object: Pod | None = None


Request: TypeAlias = RawRequest | PodRequest


class _RawReview(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    api_version: str
    kind: str
    request: RawRequest


class _PodReview(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    api_version: str
    kind: str
    request: PodRequest


_DECODER = msgspec.json.Decoder(_RawReview)
_POD_DECODER = msgspec.json.Decoder(_PodReview)
_V1 = ("AdmissionReview", "admission.k8s.io/v1")
_POD = Kind("", "v1", "Pod")
_NODE = "system:node:"
_NODES = "system:nodes"
_MIRROR = "kubernetes.io/config.mirror"
_NAMES_A_POD = re.compile(
    rb'"kind":\s{0,9}\{"group":\s{0,9}"",\s{0,9}"version":\s{0,9}"v1",\s{0,9}"kind":\s{0,9}"Pod"\}'
)
_BEGINNING = 512
"""Bytes in which an API server says what a request is about; a user's words come later."""


def decode_review(body: bytes | bytearray) -> Request:
    """Read the AdmissionReview that an API server sent.

    Raises:
        InvalidReviewError: it is none, or of another version than v1.
    """
    # Most reviews are of Pods, and reading one in a single go takes half the time. The beginning is
    # only a hint: what is said about another kind, or cannot be read so, is read the other way.
    if _NAMES_A_POD.search(body, 0, _BEGINNING):
        pod = _pod_request(body)
        if pod is not None and not pod.user_info.username.startswith(_NODE):
            return pod
    try:
        review = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidReviewError(f"no AdmissionReview: {shape_error(error, None)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidReviewError(f"no JSON: {printable(str(error))}") from error
    if (review.kind, review.api_version) != _V1:
        given = printable(f"{review.kind!r} of {review.api_version!r}")
        raise InvalidReviewError(f"expected an AdmissionReview of admission.k8s.io/v1, got {given}")
    return review.request


def _pod_request(body: bytes | bytearray) -> PodRequest | None:
    try:
        review = _POD_DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    request = review.request
    usable = (review.kind, review.api_version) == _V1 and request.kind == _POD
    return request if usable and request.object is not None else None


def is_review(data: object) -> bool:
    """Whether a document claims to be an AdmissionReview."""
    return isinstance(data, dict) and data.get("kind") == "AdmissionReview"


def admission_request(data: object) -> Request:
    """The request of an AdmissionReview that somebody saved, as plain data.

    Raises:
        InvalidReviewError: it is none, or holds an answer and no request.
    """
    try:
        body = msgspec.json.encode(data)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise InvalidReviewError(
            f"it cannot be written as JSON: {printable(str(error))}"
        ) from error
    return decode_review(body)


def workload_of_request(request: Request) -> Workload | None:
    """The workload that is to run; None where the request names no image or starts nothing.

    On UPDATE it knows what it was before.

    Raises:
        InvalidObjectError: a field that says which images run has the wrong type, or the object
            is missing.
    """
    if request.operation in {"DELETE", "CONNECT"}:
        return None
    if (request.sub_resource or "") not in _NAMES_IMAGES:
        return None
    asked = Asked(
        namespace=request.namespace or "",
        name=request.name or "",
        old=_before(request),
        requester=request.user_info.username,
        mirror=_is_mirror(request),
    )
    if isinstance(request, PodRequest):
        return pod_workload(request.object or Pod(), asked)
    return decode_workload(request.kind.group, request.kind.kind, request.object, asked=asked)


def _before(request: Request) -> Workload | None:
    """The object that an UPDATE changes."""
    if request.operation != "UPDATE" or bytes(request.old_object) == b"null":
        return None
    kind, namespace = request.kind, request.namespace or ""
    return decode_workload(kind.group, kind.kind, request.old_object, namespace=namespace)


def _is_mirror(request: Request) -> bool:
    """Whether a node shows us one of its static Pods, which it runs whatever we say.

    The annotation alone proves nothing, and neither does the name of the user: the node must be in
    the group of nodes, and the Pod be its own.
    """
    user = request.user_info
    if not user.username.startswith(_NODE) or _NODES not in (user.groups or ()):
        return False
    if isinstance(request, PodRequest) or (request.kind.group, request.kind.kind) != ("", "Pod"):
        return False
    try:
        pod = msgspec.json.decode(request.object, type=_StaticPod)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    annotations = (pod.metadata and pod.metadata.annotations) or {}
    node = (pod.spec and pod.spec.node_name) or ""
    return _MIRROR in annotations and user.username == f"{_NODE}{node}"
