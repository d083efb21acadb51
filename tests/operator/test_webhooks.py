"""The configuration: made last, repaired at once, and never opened by a slip."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.operator.keeping_world import (
    CONFIGURATIONS,
    OPTIONS,
    SECRETS,
    SHAPE,
    World,
    keeping_world,
    looking,
    seen,
)
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from webhook.operator.keeping import Keeping

FAIL = msgspec.structs.replace(OPTIONS, fail=True)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with keeping_world(tmp_path) as found:
        yield found


async def step(world: World, keeping: Keeping) -> str:
    """One step, which sees what is there, and what came of it."""
    await seen(world, keeping)
    await keeping.proofs.look()
    said = await keeping.webhooks.step()
    await seen(world, keeping)
    return said


class Kept:
    """Parts in a world where one replica serves the certificate of the Secret."""

    def __init__(self, world: World, keeping: Keeping) -> None:
        self.world = world
        self.keeping = keeping

    async def step(self) -> str:
        return await step(self.world, self.keeping)

    def change(self, **changes: Any) -> None:
        """Somebody writes these fields into our webhook."""
        (webhook,) = self.world.configuration()["webhooks"]
        self.put([{**webhook, **changes}])

    def put(self, webhooks: list[Any]) -> None:
        metadata = {"labels": self.world.configuration()["metadata"].get("labels", {})}
        self.world.server.put(CONFIGURATIONS, "cocket", webhooks=webhooks, metadata=metadata)

    def policy(self) -> str:
        (webhook,) = self.world.configuration()["webhooks"]
        return str(webhook["failurePolicy"])


@pytest.fixture
async def kept(world: World, request: pytest.FixtureRequest) -> AsyncIterator[Kept]:
    issued = world.issued()
    world.store(issued)
    async with world.replica(issued) as address:
        world.lease("a", address)
        async with looking(world, getattr(request, "param", OPTIONS)) as keeping:
            yield Kept(world, keeping)


async def test_without_a_certificate_there_is_no_configuration(world: World) -> None:
    async with looking(world) as keeping:
        said = await step(world, keeping)

    assert said == "there is no certificate yet that API servers could trust"
    assert world.configuration() is None


async def test_nobody_is_asked_before_somebody_can_answer(world: World) -> None:
    world.store(world.issued())
    async with looking(world) as keeping:
        assert "no replica has proven itself yet" in await step(world, keeping)

    assert world.configuration() is None


async def test_it_is_made_when_a_replica_has_proven_itself_and_then_left_alone(kept: Kept) -> None:
    assert await kept.step() == ""
    world = kept.world
    assert world.bundle() == world.secret()["ca.crt"]
    assert kept.policy() == "Ignore"
    writes = len(world.server.writes)
    for _ in range(3):
        assert await kept.step() == ""

    assert len(world.server.writes) == writes
    assert kept.keeping.webhooks.repairs == 0
    assert kept.keeping.webhooks.problems() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"timeoutSeconds": 1, "matchPolicy": "Exact"},
        {"clientConfig": {"url": "https://evil.example.com", "caBundle": ""}},
        {"rules": []},
        {"namespaceSelector": {}},
        {"objectSelector": {"matchLabels": {"a": "b"}}},
    ],
    ids=str,
)
async def test_what_somebody_changed_is_put_right(kept: Kept, changes: dict[str, Any]) -> None:
    await kept.step()
    (right,) = kept.world.configuration()["webhooks"]
    kept.change(**changes)
    assert await kept.step() == ""

    (webhook,) = kept.world.configuration()["webhooks"]
    assert not webhook.pop("objectSelector", {})
    assert webhook == right
    assert kept.keeping.webhooks.repairs == 1


async def test_where_an_apply_is_a_contradiction_our_webhook_is_replaced(kept: Kept) -> None:
    """An API server refuses a URL beside a Service; the apply takes nothing away."""
    await kept.step()
    kept.change(timeoutSeconds=1)
    kept.world.server.refuse("PATCH", "/validatingwebhookconfigurations/", 422, "Invalid", times=1)
    assert await kept.step() == ""

    (webhook,) = kept.world.configuration()["webhooks"]
    assert webhook["timeoutSeconds"] == 10


async def test_webhooks_of_others_stay_and_are_said(kept: Kept) -> None:
    await kept.step()
    (ours,) = kept.world.configuration()["webhooks"]
    stranger = {"name": "other.example.com", "failurePolicy": "Fail"}
    kept.put([stranger, {**ours, "objectSelector": {"matchLabels": {"a": "b"}}}])
    await kept.step()

    named = {one["name"]: one for one in kept.world.configuration()["webhooks"]}
    assert named["other.example.com"] == stranger
    assert "also holds webhooks that are not ours" in kept.keeping.webhooks.problems()[0]


@pytest.mark.parametrize("kept", [FAIL], indirect=True)
async def test_with_all_replicas_ready_it_fails_and_the_secret_remembers(kept: Kept) -> None:
    await kept.step()
    assert kept.policy() == "Ignore"  # a new one: its rules were never tried
    await kept.step()
    assert kept.policy() == "Fail"

    held = kept.world.server.get(SECRETS, "cocket-tls", "cocket")
    assert held is not None
    assert held["metadata"]["annotations"] == {"cocket.dev/failure-policy": "Fail"}
    methods = [one.path.rpartition("/")[2] for one in kept.world.server.writes]
    assert methods.index("cocket-tls") < len(methods) - 1  # it is remembered before it is so


@pytest.mark.parametrize("kept", [msgspec.structs.replace(FAIL, replicas=2)], indirect=True)
async def test_with_too_few_replicas_it_does_not_fail(kept: Kept) -> None:
    for _ in range(3):
        await kept.step()

    assert kept.policy() == "Ignore"


@pytest.mark.parametrize("kept", [FAIL], indirect=True)
async def test_a_deleted_one_comes_back_as_it_was_whoever_answers(kept: Kept) -> None:
    for _ in range(2):
        await kept.step()
    kept.world.server.drop(CONFIGURATIONS, "cocket")
    kept.world.server.drop("/apis/coordination.k8s.io/v1/leases", "cocket-webhook-a", "cocket")
    assert await kept.step() == ""

    assert kept.policy() == "Fail"
    assert kept.world.bundle() == kept.world.secret()["ca.crt"]


async def test_after_a_restart_a_deleted_one_comes_back_as_it_was(kept: Kept) -> None:
    world = kept.world
    note = {"annotations": {"cocket.dev/failure-policy": "Fail"}}
    held = world.server.get(SECRETS, "cocket-tls", "cocket") or {}
    world.server.put(SECRETS, "cocket-tls", "cocket", metadata=note, data=held["data"])
    await kept.step()

    assert kept.policy() == "Fail"


async def test_a_person_takes_fail_back_and_it_is_forgotten(kept: Kept) -> None:
    world = kept.world
    note = {"annotations": {"cocket.dev/failure-policy": "Fail"}}
    held = world.server.get(SECRETS, "cocket-tls", "cocket") or {}
    world.server.put(SECRETS, "cocket-tls", "cocket", metadata=note, data=held["data"])
    await kept.step()
    kept.change(failurePolicy="Ignore")
    await kept.step()

    assert kept.policy() == "Ignore"
    secret = world.server.get(SECRETS, "cocket-tls", "cocket") or {}
    assert "cocket.dev/failure-policy" not in secret["metadata"]["annotations"]


@pytest.mark.parametrize("label", [None, "other"])
async def test_a_namespace_that_is_not_left_out_is_said_and_hinders_fail(
    world: World, label: str | None
) -> None:
    issued = world.issued()
    world.store(issued)
    world.namespace("kube-system", label)
    async with world.replica(issued) as address:
        world.lease("a", address)
        async with looking(world, FAIL) as keeping:
            for _ in range(3):
                await step(world, keeping)
            (problem,) = keeping.webhooks.problems()

    assert world.configuration()["webhooks"][0]["failurePolicy"] == "Ignore"
    assert problem.endswith(
        "kubectl label namespace kube-system kubernetes.io/metadata.name=kube-system"
    )


async def test_a_namespace_that_is_not_there_needs_no_label(world: World) -> None:
    shape = msgspec.structs.replace(SHAPE, excluded=("absent",))
    issued = world.issued()
    world.store(issued)
    async with world.replica(issued) as address:
        world.lease("a", address)
        async with looking(world, msgspec.structs.replace(OPTIONS, shape=shape)) as keeping:
            assert await step(world, keeping) == ""
            assert keeping.webhooks.problems() == []


@pytest.mark.parametrize(
    ("served", "named"),
    [({"/apis/batch/v1"}, {"v1"}), ({"/apis/batch/v1beta1"}, {"v1beta1"}), (set(), set())],
)
async def test_cron_jobs_are_asked_about_where_they_are_served(
    world: World, served: set[str], named: set[str]
) -> None:
    world.server.served.clear()
    for group in served:
        world.server.serve(group, "cronjobs", "cronjobs/status")
    issued = world.issued()
    world.store(issued)
    async with world.replica(issued) as address:
        world.lease("a", address)
        async with looking(world) as keeping:
            await step(world, keeping)

    rules = world.configuration()["webhooks"][0]["rules"]
    assert {one["apiVersions"][0] for one in rules if "cronjobs" in one["resources"]} == named


async def test_an_api_server_in_trouble_is_an_error_and_changes_nothing(kept: Kept) -> None:
    kept.world.server.refuse("GET", "^/apis/batch/", 503)
    with pytest.raises(ClusterError, match="503"):
        await kept.step()

    assert kept.world.configuration() is None


async def test_where_cert_manager_keeps_the_ca_nothing_is_written_to_the_secret(
    world: World,
) -> None:
    shape = msgspec.structs.replace(SHAPE, inject_from="cocket/cocket")
    options = msgspec.structs.replace(FAIL, shape=shape, issue=False)
    issued = world.issued()
    world.store(issued)
    async with world.replica(issued) as address:
        world.lease("a", address)
        async with looking(world, options) as keeping:
            for _ in range(2):
                await step(world, keeping)

    (webhook,) = world.configuration()["webhooks"]
    assert "caBundle" not in webhook["clientConfig"]
    assert webhook["failurePolicy"] == "Fail"
    assert not [one for one in world.server.writes if "/secrets" in one.path]
