"""One `cocket operate` leads, and another one follows when it ends, dies or loses the Lease."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests.e2e.documents import RULES, made, put, remove, wait_condition
from tests.e2e.server import wait_until
from webhook.cluster.login import open_api
from webhook.cluster.operator_alive import why_no_operator

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.cockets import Cocket
    from tests.e2e.control_plane import ControlPlane

LEASE = "/apis/coordination.k8s.io/v1/namespaces/{}/leases/cocket-operator"


@pytest.fixture(autouse=True, scope="module")
def _installed(plane: ControlPlane) -> None:
    plane.install_crds()


def holder(plane: ControlPlane, namespace: str) -> str:
    status, text = plane.ask("GET", LEASE.format(namespace))
    return str(json.loads(text)["spec"].get("holderIdentity", "")) if status == 200 else ""


async def lives(plane: ControlPlane) -> str:
    """What `cocket registry clean` asks before it believes any record."""
    async with open_api(kubeconfig=plane.kubeconfig()) as api:
        return await why_no_operator(api)


def test_the_second_one_leads_when_the_first_ends(
    plane: ControlPlane, namespace: str, operate: Callable[..., Cocket]
) -> None:
    first = operate("first")
    wait_until(lambda: holder(plane, namespace) == "first", "first leads")
    assert asyncio.run(lives(plane)) == ""
    second = operate("second")
    second.wait_ready()
    assert "[+]lease (first leads) ok" in second.get("/readyz?verbose")[1]
    assert "cocket_operator_leading 0.0" in second.get("/metrics")[1]

    assert first.process.stop(10) == 0

    wait_until(lambda: holder(plane, namespace) == "second", "second leads", 5)
    put(plane, made("ClusterImagePolicy", "operate-second", RULES))
    wait_condition(plane, "clusterimagepolicies/operate-second", "Ready", "InForce")
    remove(plane, "clusterimagepolicies/operate-second")
    assert second.process.stop(10) == 0


def test_a_leader_that_is_killed_is_followed_when_its_lease_ran_out(
    plane: ControlPlane, namespace: str, operate: Callable[..., Cocket]
) -> None:
    first = operate("first")
    wait_until(lambda: holder(plane, namespace) == "first", "first leads")
    second = operate("second")
    second.wait_ready()

    first.process.kill()

    wait_until(lambda: holder(plane, namespace) == "second", "second leads", 30)
    wait_until(lambda: "cocket_operator_leading 1.0" in second.get("/metrics")[1], "it knows", 5)


def test_whoever_loses_the_lease_ends(
    plane: ControlPlane, namespace: str, operate: Callable[..., Cocket]
) -> None:
    operator = operate("first")
    wait_until(lambda: holder(plane, namespace) == "first", "first leads")

    plane.ask(
        "PATCH",
        LEASE.format(namespace),
        {"spec": {"holderIdentity": "somebody else"}},
        content_type="application/merge-patch+json",
    )

    assert operator.process.wait(20) == 1
    said = operator.process.said()
    assert "the Lease cocket-operator is lost: somebody else holds it now" in said
    assert holder(plane, namespace) == "somebody else"
