from __future__ import annotations

from datetime import UTC, datetime

import pytest

from webhook.core.facts import Reason, Unknown
from webhook.operator.conditions import Truth
from webhook.operator.probe import Looked, camel, conditions, fields, set_aside
from webhook.registry.ping import Ping
from webhook.registry.ratelimit import RateLimit

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
REFUSED = Unknown(Reason.UNAUTHORIZED, "r.example.com does not serve /v2/")
LIMITED = Unknown(Reason.RATE_LIMITED, "r.example.com: too many requests")
AWAY = Unknown(Reason.UNTRUSTED_TLS, "r.example.com: its certificate is not trusted")
NO_SECRET = Unknown(Reason.UNAUTHORIZED, "Secret login: there is none")


def ping(challenge: str = "Basic", refused: Unknown | None = None) -> Ping:
    return Ping(seconds=0.0123, challenge=challenge, refused=refused)


@pytest.mark.parametrize(
    ("looked", "credentials", "unusable", "ready", "reachable", "authenticated"),
    [
        (ping(), 1, None, "True InForce", "True Answered", "True Accepted"),
        (ping(), 0, None, "True InForce", "True Answered", "True Anonymous"),
        (ping(""), 1, None, "True InForce", "True Answered", "True NotAsked"),
        (
            *(ping(refused=REFUSED), 1, None),
            *("False Unauthorized", "True Answered", "False Unauthorized"),
        ),
        (
            *(ping(refused=REFUSED), 0, None),
            *("False CredentialsMissing", "True Answered", "False CredentialsMissing"),
        ),
        (
            *(ping(refused=LIMITED), 1, None),
            *("False RateLimited", "True Answered", "Unknown RateLimited"),
        ),
        (
            *(ping(), 0, NO_SECRET),
            *("False CredentialsUnusable", "True Answered", "False CredentialsUnusable"),
        ),
        (
            *(AWAY, 1, None),
            *("False UntrustedTLS", "False UntrustedTLS", "Unknown NotReached"),
        ),
    ],
)
def test_what_a_look_means(  # noqa: PLR0917 - the columns of the table
    looked: Looked,
    credentials: int,
    unusable: Unknown | None,
    ready: str,
    reachable: str,
    authenticated: str,
) -> None:
    found = conditions(looked, credentials=credentials, unusable=unusable)

    assert {one.type: f"{one.status} {one.reason}" for one in found} == {
        "Ready": ready,
        "Reachable": reachable,
        "Authenticated": authenticated,
    }


def test_a_registry_that_is_set_aside_is_unknown_but_not_ready() -> None:
    found = {one.type: one.status for one in set_aside("spec.host: what is this?")}

    assert found == {
        "Ready": Truth.FALSE,
        "Reachable": Truth.UNKNOWN,
        "Authenticated": Truth.UNKNOWN,
    }


def test_numbers_of_a_registry_that_answered() -> None:
    looked = Ping(
        seconds=0.0004,
        challenge="Bearer auth.example.com",
        refused=None,
        expires=datetime(2026, 6, 1, tzinfo=UTC),
        limits=RateLimit(100, 7, None),
    )

    assert fields(looked, NOW) == {
        "latencyMilliseconds": 1,
        "challenge": "Bearer auth.example.com",
        "certificateExpires": "2026-06-01T00:00:00Z",
        "rateLimit": {"limit": 100, "remaining": 7, "seconds": None},
        "probedAt": "2026-03-01T12:00:00Z",
    }


def test_what_is_not_known_any_more_is_taken_away() -> None:
    assert fields(AWAY, NOW) == {
        "latencyMilliseconds": None,
        "challenge": None,
        "certificateExpires": None,
        "rateLimit": None,
        "probedAt": "2026-03-01T12:00:00Z",
    }


@pytest.mark.parametrize("reason", list(Reason))
def test_reasons_are_words_as_the_api_has_them(reason: Reason) -> None:
    assert camel(reason).isalnum()
    assert camel(reason)[0].isupper()
