"""Only a Lease that somebody renewed a moment ago says that an operator lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.cluster.api_server import api_server
from webhook.cluster.operator_alive import why_no_operator
from webhook.errors import ClusterError

LEASES = "/apis/coordination.k8s.io/v1/leases"


def lease(age: float = 3.0, holder: str | None = "a-1") -> dict[str, Any]:
    moment = datetime.now(UTC) - timedelta(seconds=age)
    return {"holderIdentity": holder, "renewTime": f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"}


async def said(*specs: Any, name: str = "cocket-operator") -> str:
    async with api_server() as (server, api):
        for number, spec in enumerate(specs):
            server.put(LEASES, name, f"cocket-{number}", spec=spec)
        return await why_no_operator(api)


async def test_who_renewed_a_moment_ago_lives() -> None:
    assert await said(lease()) == ""


async def test_a_clock_a_second_ahead_is_no_death() -> None:
    assert await said(lease(-2)) == ""


DEAD: dict[str, tuple[Any, str]] = {
    "weeks ago": (lease(50 * 86_400), "for the last time"),
    "half a minute ago": (lease(32), "cocket-0/cocket-operator was renewed at"),
    "from the future": (lease(-3600), "by a clock that is wrong"),
    "given away": (lease(1, ""), "nobody holds the Lease cocket-0/cocket-operator"),
    "of nobody": (lease(1, None), "nobody holds the Lease"),
    "without a spec": (None, "nobody holds the Lease"),
    "without a time": ({"holderIdentity": "a"}, "does not say when it was renewed"),
    "without a date": ({"holderIdentity": "a", "renewTime": "x"}, "does not say when"),
}


@pytest.mark.parametrize(("spec", "why"), DEAD.values(), ids=DEAD)
async def test_what_is_no_life_says_what_it_is(spec: Any, why: str) -> None:
    assert why in await said(spec)


async def test_another_lease_is_no_operator() -> None:
    assert "there is no Lease cocket-operator" in await said(lease(), name="cocket-webhook-a")


async def test_one_that_lives_beside_a_dead_one_is_enough() -> None:
    assert await said(lease(9999), lease()) == ""


async def test_leases_that_cannot_be_listed_are_an_error() -> None:
    async with api_server() as (server, api):
        server.refuse("GET", LEASES, 403, "Forbidden")

        with pytest.raises(ClusterError):
            await why_no_operator(api)
