"""What an API server says when it says no."""

from __future__ import annotations

import msgspec

from webhook.core.printable import printable
from webhook.errors import ClusterError

_MAX_MESSAGE = 1000


class Status(msgspec.Struct):
    """`Status` of apimachinery: the body of a refusal, and of an event of type ERROR."""

    code: int = 0
    reason: str = ""
    message: str = ""


def status_error(code: int, body: bytes, what: str) -> ClusterError:
    """The error for a refusal; `body` need not be a Status: proxies answer too."""
    try:
        status = msgspec.json.decode(body, type=Status)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        status = Status()
    said = printable(status.message or _plain(body), _MAX_MESSAGE) or "it did not say why"
    return ClusterError(
        f"{what}: the API server answered {code}: {said}",
        status=code,
        reason=printable(status.reason, 60),
    )


def _plain(body: bytes) -> str:
    """What a server behind the API server says in plain words; empty where it says no words."""
    if len(body) > _MAX_MESSAGE * 2:
        return ""  # no sentence is that long
    try:
        text = body.decode().strip()
    except UnicodeDecodeError:
        return ""
    return text if text[:1].isalpha() else ""
