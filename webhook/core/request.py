"""The request in an AdmissionReview, and the workload it is about (admission.k8s.io/v1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.objects import decode_workload
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


class Request(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename="camel"):
    """AdmissionRequest, as far as it is read; objects stay JSON until it is clear what they are."""

    uid: str
    kind: Kind = Kind()
    resource: Resource = Resource()
    sub_resource: str | None = None
    name: str | None = None
    namespace: str | None = None
    operation: str = ""
    user_info: User = User()
    object: msgspec.Raw = _NULL
    old_object: msgspec.Raw = _NULL
    dry_run: bool | None = None


class Review(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """AdmissionReview."""

    api_version: str
    kind: str
    request: Request


_DECODER = msgspec.json.Decoder(Review)


def decode_review(body: bytes | bytearray) -> Request:
    """Read the AdmissionReview that an API server sent.

    Raises:
        InvalidReviewError: it is none, or of another version than v1.
    """
    try:
        review = _DECODER.decode(body)
    except msgspec.ValidationError as error:
        raise InvalidReviewError(f"no AdmissionReview: {shape_error(error, None)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidReviewError(f"no JSON: {printable(str(error))}") from error
    if review.kind != "AdmissionReview" or review.api_version != "admission.k8s.io/v1":
        given = printable(f"{review.kind!r} of {review.api_version!r}")
        raise InvalidReviewError(f"expected an AdmissionReview of admission.k8s.io/v1, got {given}")
    return review.request


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
    kind, namespace = request.kind, request.namespace or ""
    workload = decode_workload(kind.group, kind.kind, request.object, namespace=namespace)
    if workload is None:
        return None
    old = None
    if request.operation == "UPDATE" and bytes(request.old_object) != b"null":
        old = decode_workload(kind.group, kind.kind, request.old_object, namespace=namespace)
    return msgspec.structs.replace(
        workload,
        # The request decides: it says where the object is written, whatever stands in it.
        namespace=namespace or workload.namespace,
        name=workload.name or request.name or "",
        old=old,
        requester=request.user_info.username,
    )
