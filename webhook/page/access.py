"""Whether a request may read the report: values, and the token in its headers. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

PROXIED = "x-cocket-authorization"
"""Says what `Authorization` says, where an API server stands between: its proxy takes that header
for itself, and out of what it passes on."""
GROUP = "cocket.dev"
RESOURCE = "imagefacts"
"""Who may list them may read the report: it holds nothing else about images."""
_MAX_TOKEN = 16 * 1024
# RFC 6750 section 2.1: b64token.
_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.ASCII | re.IGNORECASE)


class Granted(msgspec.Struct, frozen=True):
    """May read it."""

    user: str
    """Printable."""


class Denied(msgspec.Struct, frozen=True):
    """May not, and what to do about it."""

    status: int
    sentence: str
    """Printable."""


NO_TOKEN = Denied(
    401,
    "This report is for users of the cluster: send `Authorization: Bearer TOKEN`, with a token that"
    " the API server knows. `cocket audit --open` does it for you; `kubectl create token NAME`"
    " makes one for a ServiceAccount.",
)
UNKNOWN_TOKEN = Denied(
    401,
    "The API server does not take this token: it may have expired, or be of another cluster."
    " Log in again, and send a new one.",
)
BUSY = Denied(503, "Too many are asking at the same time. Ask again in a moment.")


def forbidden(user: str) -> Denied:
    """For somebody whom the API server knows."""
    return Denied(
        403,
        f"{user} may not read this report: it is for those who may list {RESOURCE}.{GROUP} in the"
        " whole cluster. Who manages the cluster can allow it: kubectl create clusterrole"
        f" cocket-reader --verb=list --resource={RESOURCE}.{GROUP}, and bind it.",
    )


def unreachable(detail: str) -> Denied:
    """Where nobody could tell."""
    return Denied(503, f"The API server could not be asked who you are: {detail}. Ask again soon.")


def token_of(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The token that a request shows; None where it shows none that could be one.

    Two values of one header are none: who reads the first and who reads the last would differ.
    """
    values: dict[bytes, list[bytes]] = {b"authorization": [], PROXIED.encode(): []}
    for name, value in headers:
        values.get(name.lower(), []).append(value)
    for found in values.values():
        if len(found) == 1 and len(found[0]) <= _MAX_TOKEN:
            read = _BEARER.fullmatch(found[0].decode("latin-1").strip())
            if read:
                return read[1]
    return None
