"""What a registry says of its limit on requests is a number, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.registry.scripted import response
from webhook.registry.limits import RateLimit, rate_limit


@pytest.mark.parametrize(
    ("headers", "limit"),
    [
        ({}, None),
        ({"ratelimit_limit": "100;w=21600", "ratelimit_remaining": "76;w=21600"}, (100, 76, 21600)),
        ({"ratelimit_remaining": " 7 ; w=60"}, (None, 7, 60)),
        ({"ratelimit_limit": "100"}, (100, None, None)),
        ({"ratelimit_limit": "-1"}, None),
        ({"ratelimit_limit": "1" * 40}, None),
        ({"ratelimit_limit": "100, 100;w=1"}, None),
    ],
)
def test_a_limit_is_read(
    headers: dict[str, Any], limit: tuple[int | None, int | None, int | None] | None
) -> None:
    assert rate_limit(response(**headers)) == (None if limit is None else RateLimit(*limit))
