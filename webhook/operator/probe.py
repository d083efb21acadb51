"""What a look at a registry means for its status. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from webhook.core.facts import Reason, Unknown
from webhook.operator.conditions import Found, Truth
from webhook.operator.reading import READY
from webhook.registry.ping import Ping

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

REACHABLE = "Reachable"
AUTHENTICATED = "Authenticated"

Looked: TypeAlias = Ping | Unknown
"""What came of a look; Unknown where the registry did not answer."""

_FIELDS = ("latencyMilliseconds", "challenge", "certificateExpires", "rateLimit", "probedAt")


def set_aside(message: str) -> list[Found]:
    """The conditions of a Registry that cannot be used: it is not contacted."""
    not_asked = "a Registry that is set aside is not contacted"
    return [
        Found(READY, Truth.FALSE, "Invalid", message),
        Found(REACHABLE, Truth.UNKNOWN, "NotAsked", not_asked),
        Found(AUTHENTICATED, Truth.UNKNOWN, "NotAsked", not_asked),
    ]


def conditions(looked: Looked, *, credentials: int, unusable: Unknown | None) -> list[Found]:
    """The conditions after a look.

    Args:
        looked: what came of it.
        credentials: how many were tried; 0: we came as nobody.
        unusable: why the credentials that the Registry names could not be tried.
    """
    if isinstance(looked, Unknown):
        word = camel(looked.reason)
        not_reached = "it did not answer"
        return [
            Found(READY, Truth.FALSE, word, looked.detail),
            Found(REACHABLE, Truth.FALSE, word, looked.detail),
            Found(AUTHENTICATED, Truth.UNKNOWN, "NotReached", not_reached),
        ]
    login = _login(looked, credentials, unusable)
    ready = (
        Found(READY, Truth.TRUE, "InForce", "it is in force, answers, and lets us in")
        if login.status is Truth.TRUE
        else Found(READY, Truth.FALSE, login.reason, login.message)
    )
    return [ready, Found(REACHABLE, Truth.TRUE, "Answered", "it answered"), login]


def fields(looked: Looked, now: datetime) -> Mapping[str, object]:
    """The other fields of the status; None for one that is not known any more."""
    told: dict[str, object] = dict.fromkeys(_FIELDS)
    told["probedAt"] = _moment(now)
    if isinstance(looked, Ping):
        told["latencyMilliseconds"] = max(1, round(looked.seconds * 1000))
        told["challenge"] = looked.challenge or None
        told["certificateExpires"] = looked.expires and _moment(looked.expires)
        limits = looked.limits
        told["rateLimit"] = limits and {
            "limit": limits.limit,
            "remaining": limits.remaining,
            "seconds": limits.seconds,
        }
    return told


def camel(reason: Reason) -> str:
    """A reason as conditions write it: `rate-limited` is `RateLimited`."""
    return "".join(
        "TLS" if word == "tls" else word.capitalize() for word in reason.value.split("-")
    )


def _login(ping: Ping, credentials: int, unusable: Unknown | None) -> Found:
    if unusable is not None:
        return Found(AUTHENTICATED, Truth.FALSE, "CredentialsUnusable", unusable.detail)
    if ping.refused is not None:
        if not credentials and ping.refused.reason is Reason.UNAUTHORIZED:
            detail = (
                f"it wants a login, and its Registry names no credentials: {ping.refused.detail}"
            )
            return Found(AUTHENTICATED, Truth.FALSE, "CredentialsMissing", detail)
        # A registry that has enough of us says nothing about our password.
        refused = ping.refused.reason is Reason.UNAUTHORIZED
        status = Truth.FALSE if refused else Truth.UNKNOWN
        return Found(AUTHENTICATED, status, camel(ping.refused.reason), ping.refused.detail)
    if not ping.challenge:
        return Found(AUTHENTICATED, Truth.TRUE, "NotAsked", "it asks nobody to log in")
    if not credentials:
        return Found(AUTHENTICATED, Truth.TRUE, "Anonymous", "it lets us in as nobody")
    return Found(AUTHENTICATED, Truth.TRUE, "Accepted", "it took the credentials")


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
