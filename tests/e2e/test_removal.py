"""Before an uninstall: the leader ends, and then the webhook configuration goes, for good."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.charts.rendering import arguments
from tests.e2e.accounts import install
from tests.e2e.cockets import COCKET
from tests.e2e.server import wait_until
from webhook.cluster.kinds import LEASES, VALIDATING_WEBHOOKS
from webhook.cluster.leader import LEASE, lead
from webhook.cluster.lease_lock import Times
from webhook.cluster.login import open_api
from webhook.errors import ClusterError
from webhook.operator.removal import remove_configuration

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.e2e.cockets import Cocket, Cockets
    from tests.e2e.control_plane import ControlPlane
    from webhook.cluster.api import Api

TIMES = Times(lease=5, renew=3, retry=1)
NAME = "cocket"
CONFIGURATION = {
    "apiVersion": VALIDATING_WEBHOOKS.api_version,
    "kind": VALIDATING_WEBHOOKS.kind,
    "metadata": {"name": NAME},
    "webhooks": [],
}


@pytest.fixture
async def api(plane: ControlPlane, namespace: str) -> AsyncIterator[Api]:
    """The operator's; the chart's hook runs under its account."""
    kubeconfig = plane.kubeconfig(install(plane, namespace).operator)
    async with open_api(kubeconfig=kubeconfig) as api:
        yield api


def now() -> datetime:
    return datetime.now(UTC)


async def repairing(api: Api) -> None:
    """What an operator does to a configuration that somebody deletes."""
    while True:
        try:
            await api.create(VALIDATING_WEBHOOKS.path(), CONFIGURATION)
        except ClusterError as error:
            if error.status != 409:
                raise
        await asyncio.sleep(0.05)


async def remove(api: Api, namespace: str, identity: str = "uninstall") -> bool:
    return await remove_configuration(
        api,
        NAME,
        namespace=namespace,
        identity=identity,
        clock=now,
        end_seconds=3,
        times=TIMES,
    )


async def test_a_configuration_that_is_repaired_goes_for_good(
    plane: ControlPlane, api: Api, namespace: str
) -> None:
    leading = asyncio.create_task(
        lead(
            api,
            lambda: repairing(api),
            namespace=namespace,
            identity="operator",
            clock=now,
            times=TIMES,
        )
    )
    path = VALIDATING_WEBHOOKS.path(name=NAME)
    await asyncio.to_thread(wait_until, lambda: plane.ask("GET", path)[0] == 200, "it leads")

    assert await remove(api, namespace)

    with pytest.raises(ClusterError, match="holds it now"):
        await leading
    assert plane.ask("GET", path)[0] == 404
    lease = plane.get(LEASES.path(namespace, LEASE))
    assert lease["spec"]["holderIdentity"] == "uninstall"


async def test_without_an_operator_and_without_a_configuration_it_is_content(
    api: Api, namespace: str
) -> None:
    assert not await remove(api, namespace)


def test_the_charts_hook_stops_a_real_operator_and_removes_what_it_kept(
    plane: ControlPlane, cockets: Cockets, operate: Callable[..., Cocket], namespace: str
) -> None:
    plane.install_crds()
    path = VALIDATING_WEBHOOKS.path(name=NAME)
    plane.create(VALIDATING_WEBHOOKS.path(), CONFIGURATION)
    operator = operate("operator", "--webhook-url", "https://127.0.0.1:1/validate")
    wait_until(lambda: bool(plane.get(path).get("webhooks")), "the operator keeps it")

    command, *given = arguments("cocket-uninstall", namespace=namespace)
    filled = [one.replace("$(POD_NAME)", "cocket-uninstall-1") for one in given]
    kubeconfig = plane.kubeconfig(install(plane, namespace).operator)
    hook = cockets.processes.start("hook", COCKET, command, "--kubeconfig", kubeconfig, *filled)

    assert hook.wait(60) == 0, hook.said()
    assert plane.ask("GET", path)[0] == 404
    assert operator.process.wait(5) == 1
    # The kubelet starts it again before Helm takes it away: it has to wait for the Lease.
    again = operate("again", "--webhook-url", "https://127.0.0.1:1/validate")
    again.wait_ready()
    assert "[+]lease (cocket-uninstall-1 leads) ok" in again.get("/readyz?verbose")[1]
    assert plane.ask("GET", path)[0] == 404


async def test_who_may_not_take_the_lease_deletes_nothing(
    plane: ControlPlane, namespace: str
) -> None:
    account = plane.create_account(namespace, "stranger")
    plane.create(VALIDATING_WEBHOOKS.path(), CONFIGURATION, exist=True)

    async with open_api(kubeconfig=plane.kubeconfig(account)) as api:
        with pytest.raises(ClusterError, match=r"could not be taken in 2 s: .*forbidden"):
            await remove_configuration(
                api,
                NAME,
                namespace=namespace,
                identity="stranger",
                clock=now,
                take_seconds=2,
                times=TIMES,
            )

    assert plane.ask("DELETE", VALIDATING_WEBHOOKS.path(name=NAME))[0] == 200
