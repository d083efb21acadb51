"""AWS Signature Version 4 of a POST (IAM User Guide, «Signing AWS API requests»)."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from webhook.registry.url import Url

_ALGORITHM = "AWS4-HMAC-SHA256"


class AwsKeys(msgspec.Struct, frozen=True):
    """Who signs."""

    access_key: str
    secret_key: str
    session_token: str = ""
    """Of temporary keys; empty for those of a user."""
    until: float = float("inf")
    """Seconds since 1970; they are of no use after it."""

    def __repr__(self) -> str:
        """Without the secrets."""
        return f"AwsKeys({self.access_key!r}, …)"


def signed(
    url: Url,
    body: bytes,
    headers: Mapping[str, str],
    *,
    keys: AwsKeys,
    region: str,
    service: str,
    now: datetime,
) -> tuple[tuple[str, str], ...]:
    """All headers of a POST that proves who asks.

    Args:
        url: where to; without a query.
        body: its bytes.
        headers: those to sign besides the host and the time; names in any case.
        keys: whose signature.
        region: that the service answers in.
        service: as signatures name it: `ecr`.
        now: the time, in UTC.
    """
    moment = now.strftime("%Y%m%dT%H%M%SZ")
    every = {name.lower(): value for name, value in headers.items()}
    every |= {"host": url.origin.authority, "x-amz-date": moment}
    if keys.session_token:
        every["x-amz-security-token"] = keys.session_token
    names = ";".join(sorted(every))
    asked = "\n".join(
        (
            "POST",
            url.path,
            "",
            *(f"{name}:{every[name].strip()}" for name in sorted(every)),
            "",
            names,
            hashlib.sha256(body).hexdigest(),
        )
    )
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    text = "\n".join((_ALGORITHM, moment, scope, hashlib.sha256(asked.encode()).hexdigest()))
    key = f"AWS4{keys.secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    every["authorization"] = (
        f"{_ALGORITHM} Credential={keys.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    del every["host"]
    return tuple(every.items())
