"""The configuration goes only when nobody is left who would bring it back."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.cluster.api_server import ApiServer, api_server
from webhook.cluster.leader import LEASE, lead
from webhook.cluster.lease_lock import Times
from webhook.errors import ClusterError
from webhook.operator.removal import remove_configuration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.cluster.api import Api

LEASES = "/apis/coordination.k8s.io/v1/leases"
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
TIMES = Times(lease=5, renew=3, retry=1)


@pytest.fixture
async def served() -> AsyncIterator[tuple[ApiServer, Api]]:
    async with api_server() as both:
        yield both


def now() -> datetime:
    return datetime.now(UTC)


async def remove(api: Api, *, take_seconds: float = 10, end_seconds: float = 0.5) -> bool:
    return await remove_configuration(
        api,
        "cocket",
        namespace="cocket",
        identity="uninstall",
        clock=now,
        take_seconds=take_seconds,
        end_seconds=end_seconds,
        times=TIMES,
    )


def holder(server: ApiServer) -> str:
    lease = server.get(LEASES, LEASE, "cocket")
    return str(lease["spec"]["holderIdentity"]) if lease else ""


async def test_without_an_operator_it_is_deleted_and_the_lease_is_left_to_run_out(
    served: tuple[ApiServer, Api],
) -> None:
    server, api = served
    server.put(CONFIGURATIONS, "cocket", webhooks=[])
    server.put(CONFIGURATIONS, "other", webhooks=[])

    assert await remove(api)
    assert list(server.objects[CONFIGURATIONS]) == [("", "other")]
    assert holder(server) == "uninstall"


async def test_what_is_not_there_need_not_be_deleted(served: tuple[ApiServer, Api]) -> None:
    assert not await remove(served[1])


async def test_a_leader_that_repairs_ends_first(served: tuple[ApiServer, Api]) -> None:
    server, api = served
    ended: list[float] = []
    loop = asyncio.get_running_loop()

    async def work() -> None:
        try:
            while True:
                if server.get(CONFIGURATIONS, "cocket") is None:
                    server.put(CONFIGURATIONS, "cocket", webhooks=[])
                await asyncio.sleep(0.01)
        finally:
            ended.append(loop.time())

    leading = asyncio.create_task(
        lead(api, work, namespace="cocket", identity="operator", clock=now, times=TIMES)
    )
    async with asyncio.timeout(10):
        while server.get(CONFIGURATIONS, "cocket") is None:  # noqa: ASYNC110 - the leader's
            await asyncio.sleep(0.01)

    assert await remove(api, end_seconds=3)
    with pytest.raises(ClusterError, match="uninstall holds it now"):
        await leading
    assert ended[0] < loop.time()
    assert server.get(CONFIGURATIONS, "cocket") is None
    assert holder(server) == "uninstall"


async def test_our_name_stays_in_the_lease_until_it_is_deleted(
    served: tuple[ApiServer, Api],
) -> None:
    """Whoever waits for the Lease would take it, and repair."""
    server, api = served
    server.put(CONFIGURATIONS, "cocket", webhooks=[])
    removing = asyncio.create_task(remove(api, end_seconds=2.5))
    async with asyncio.timeout(10):
        while holder(server) != "uninstall":  # noqa: ASYNC110 - of a task
            await asyncio.sleep(0.01)
    lease = server.get(LEASES, LEASE, "cocket")
    assert lease is not None
    server.put(LEASES, LEASE, "cocket", spec=lease["spec"] | {"holderIdentity": "operator"})

    assert await removing
    assert holder(server) == "uninstall"


async def test_who_may_not_take_the_lease_deletes_nothing(served: tuple[ApiServer, Api]) -> None:
    server, api = served
    server.put(CONFIGURATIONS, "cocket", webhooks=[])
    server.refuse("POST", "/leases$", 403, "Forbidden")
    with pytest.raises(ClusterError, match=r"could not be taken in 0.5 s"):
        await remove(api, take_seconds=0.5)

    assert server.get(CONFIGURATIONS, "cocket") is not None


async def test_who_may_not_delete_it_says_so(served: tuple[ApiServer, Api]) -> None:
    server, api = served
    server.refuse("DELETE", "/validatingwebhookconfigurations/", 403, "Forbidden")
    with pytest.raises(ClusterError, match="403"):
        await remove(api)
