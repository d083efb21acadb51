"""What an API server asks, read from the bytes it sends. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.admission.uid import rescued_uid
from webhook.core.printable import printable
from webhook.core.request import decode_review, workload_of_request
from webhook.errors import InvalidObjectError, InvalidReviewError

if TYPE_CHECKING:
    from webhook.core.request import Request
    from webhook.core.workload import Workload

_MAX_NAME = 300


class Asked(msgspec.Struct, frozen=True, gc=False):
    """A request that can be judged.

    It holds nothing of the body: while registries are asked, 18 MB of JSON must not be kept.
    """

    uid: str
    kind: str
    namespace: str
    name: str
    operation: str
    sub_resource: str
    user: str
    dry_run: bool
    workload: Workload | None
    """None where the object names no image, or where nothing is started."""

    @property
    def title(self) -> str:
        """The object, as its owner knows it: `Pod shop/web`."""
        workload = self.workload
        if workload is None:
            return self.kind
        place = f"{workload.namespace}/" if workload.namespace else ""
        return printable(f"{workload.kind} {place}{workload.name}", _MAX_NAME)


class Unreadable(msgspec.Struct, frozen=True, gc=False):
    """A request of which only the uid can be read."""

    uid: str
    cause: str
    """A word for metrics."""
    sentence: str


class _UidOnly(msgspec.Struct, frozen=True, gc=False):
    uid: str


class _Envelope(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    api_version: str
    kind: str
    request: _UidOnly


_envelope = msgspec.json.Decoder(_Envelope).decode


def read_review(body: bytes | bytearray) -> Asked | Unreadable:
    """Read a review.

    Raises:
        InvalidReviewError: it is no AdmissionReview at all, so there is no uid to answer to.
    """
    try:
        request = decode_review(body)
    except InvalidReviewError as error:
        uid = uid_of(body)
        if uid is None:
            raise
        return Unreadable(uid, "unreadable", f"the review cannot be read: {error}")
    try:
        return _asked(request, workload_of_request(request))
    except InvalidObjectError as error:
        return Unreadable(request.uid, "unreadable", f"the object cannot be read: {error}")


def _asked(request: Request, workload: Workload | None) -> Asked:
    return Asked(
        request.uid,
        request.kind.kind,
        request.namespace or "",
        (workload.name if workload else request.name) or "",
        request.operation,
        request.sub_resource or "",
        request.user_info.username,
        request.dry_run or False,
        workload,
    )


def uid_of(body: bytes | bytearray) -> str | None:
    """The uid of a review in which something else cannot be read; None where it is no review."""
    try:
        envelope = _envelope(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return rescued_uid(body)
    if envelope.kind != "AdmissionReview" or envelope.api_version != "admission.k8s.io/v1":
        return None
    return envelope.request.uid
