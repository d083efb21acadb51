"""`cocket operate --remove-webhook-configuration`, as a hook of the uninstall runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.cluster_processes import Command, Machine, machine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

LEASES = "/apis/coordination.k8s.io/v1/leases"
CONFIGURATIONS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Machine]:
    async with machine(tmp_path) as found:
        found.server.put(CONFIGURATIONS, "cocket", webhooks=[])
        found.server.put(CONFIGURATIONS, "other", webhooks=[])
        yield found


async def remove(here: Machine, *arguments: str) -> Command:
    return await here.start(
        "operate", "--remove-webhook-configuration", *arguments, port_option="--probe-port"
    )


async def test_our_configuration_goes_and_the_lease_is_ours_meanwhile(here: Machine) -> None:
    command = await remove(here, "--identity", "uninstall", "--namespace", "system")

    assert await command.exited() == 0
    assert list(here.server.objects[CONFIGURATIONS]) == [("", "other")]
    lease = here.server.get(LEASES, "cocket-operator", "system")
    assert lease is not None
    assert lease["spec"]["holderIdentity"] == "uninstall"
    assert any("cocket is deleted" in one for one in command.messages)


async def test_what_cannot_be_deleted_is_said_and_fails(here: Machine) -> None:
    here.server.refuse("DELETE", "/validatingwebhookconfigurations/", 403, "Forbidden")
    command = await remove(here)

    assert await command.exited() == 1
    assert here.server.get(CONFIGURATIONS, "cocket") is not None
    assert any("the webhook configuration is as it was" in one for one in command.messages)
    assert here.server.get(LEASES, "cocket-operator", "cocket") is not None  # the context's
