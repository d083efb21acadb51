"""Before an uninstall: the leader ends, and then the webhook configuration goes, for good."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.e2e.server import wait_until
from webhook.cluster.kinds import LEASES, VALIDATING_WEBHOOKS
from webhook.cluster.leader import LEASE, lead
from webhook.cluster.lease_lock import Times
from webhook.cluster.login import open_api
from webhook.errors import ClusterError
from webhook.operator.removal import remove_configuration

if TYPE_CHECKING:
    from tests.e2e.control_plane import ControlPlane
    from webhook.cluster.api import Api

TIMES = Times(lease=5, renew=3, retry=1)
NAME = "removal-of-the-tests"
CONFIGURATION = {
    "apiVersion": VALIDATING_WEBHOOKS.api_version,
    "kind": VALIDATING_WEBHOOKS.kind,
    "metadata": {"name": NAME},
    "webhooks": [],
}


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
    plane: ControlPlane, namespace: str
) -> None:
    async with open_api(kubeconfig=plane.kubeconfig()) as api:
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
    plane: ControlPlane, namespace: str
) -> None:
    async with open_api(kubeconfig=plane.kubeconfig()) as api:
        assert not await remove(api, namespace)


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
