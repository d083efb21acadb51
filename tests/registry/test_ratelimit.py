"""What headers of limits mean, and what means nothing."""

import pytest

from tests.registry.scripted import response
from webhook.registry.ratelimit import RateLimit, rate_limit


@pytest.mark.parametrize(
    ("limit", "remaining", "found"),
    [
        ("100;w=21600", "76;w=21600", RateLimit(100, 76, 21600)),
        ("100 ; w=21600", "0", RateLimit(100, 0, 21600)),
        ("", "5;w=60", RateLimit(None, 5, 60)),
        ("100", "", RateLimit(100, None, None)),
        ("", "", None),
        ("many", "some", None),
        ("-1", "1e9", None),
        ("1" * 10, "٣", None),
    ],
)
def test_headers_are_read(limit: str, remaining: str, found: RateLimit | None) -> None:
    answer = response(ratelimit_limit=limit, ratelimit_remaining=remaining)

    assert rate_limit(answer) == found
