"""How many requests a registry allows, as far as its headers tell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from webhook.registry.exchange import Response

_LIMIT = re.compile(r"([0-9]{1,9})(?:\s*;\s*w=([0-9]{1,9}))?", re.ASCII)


class RateLimit(msgspec.Struct, frozen=True):
    """How many requests a registry allows, as far as it says so."""

    limit: int | None = None
    remaining: int | None = None
    seconds: int | None = None
    """Length of the period."""


def rate_limit(response: Response) -> RateLimit | None:
    """`RateLimit-Limit: 100;w=21600` (Docker Hub, GitLab; draft-ietf-httpapi-ratelimit-headers)."""
    limit, window = _number(response.header("ratelimit-limit"))
    remaining, period = _number(response.header("ratelimit-remaining"))
    if limit is None and remaining is None:
        return None
    return RateLimit(limit, remaining, window or period)


def _number(header: str | None) -> tuple[int | None, int | None]:
    match = _LIMIT.fullmatch((header or "").strip())
    if match is None:
        return None, None
    return int(match[1]), int(match[2]) if match[2] else None
