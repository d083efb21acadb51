"""The leader's parts together: each is started, told of what it depends on, and heard of."""

from __future__ import annotations

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.audit.promoted import AGREEMENT, PROMOTION, push, registries
from tests.operator.facts_world import QUICK, World, facts_world, until
from tests.operator.keeping_world import OPTIONS
from webhook.core.resources import gather_policies
from webhook.demo.login import BasicLogin
from webhook.operator.audit import AuditOptions
from webhook.operator.audit_plan import PlanOptions
from webhook.operator.process import Operator, OperatorOptions
from webhook.operator.registries import ProbeOptions
from webhook.registry.limits import Limits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.operator.scene import Options

OURS = "/apis/cocket.dev/v1alpha1"
REGISTRIES = f"{OURS}/registries"
POLICIES = f"{OURS}/clusterimagepolicies"
SECRETS = "/api/v1/secrets"
KINDS = ("registries", "clusterimagepolicies", "imagepolicies", "imageexceptions")


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with facts_world() as found:
        found.server.serve("/api/v1", "namespaces", namespaced=False)
        found.server.serve(OURS, *KINDS)
        yield found


@asynccontextmanager
async def operating(
    world: World, webhook: Options | None = None, audit: AuditOptions | None = None
) -> AsyncIterator[Operator]:
    gather = partial(
        gather_policies,
        exception_namespaces=(),
        max_exception_days=90,
        now=datetime.now(UTC),
    )
    options = OperatorOptions(
        namespace="cocket",
        gather=gather,
        webhook=webhook,
        probe=ProbeOptions(seconds=600.0),
        # What could not be learned is not tried again for its own sake.
        facts=msgspec.structs.replace(QUICK, first_retry_seconds=600.0),
        limits=Limits(failure_seconds=0.0),
        audit=audit,
    )
    operator = Operator(world.api, options, lambda: datetime.now(UTC))
    running = asyncio.create_task(operator.run())
    try:
        yield operator
    finally:
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def registry(world: World, **more: Any) -> None:
    """Somebody writes the Registry `prod`."""
    spec = {"host": world.registry.host, "allowPrivateAddresses": True, "environment": "test"}
    world.server.put(REGISTRIES, "prod", spec={**spec, "tls": {"plainHTTP": True}, **more})


def login(world: World, password: str) -> None:
    """Somebody writes the Secret `login`."""
    auth = base64.b64encode(f"ci:{password}".encode()).decode()
    document = json.dumps({"auths": {world.registry.host: {"auth": auth}}})
    data = {".dockerconfigjson": base64.b64encode(document.encode()).decode()}
    world.server.put(SECRETS, "login", "cocket", type="kubernetes.io/dockerconfigjson", data=data)


def reason(world: World, path: str, name: str) -> str:
    status = (world.server.get(path, name) or {}).get("status", {})
    found = {one["type"]: one["reason"] for one in status.get("conditions", [])}
    return str(found.get("Ready", ""))


async def test_policies_registries_and_facts_are_kept_together(world: World) -> None:
    digest = world.push()
    world.pod("web", digest)
    registry(world)
    world.server.put(POLICIES, "main", spec={"rules": {"digest": {}}})
    async with operating(world) as operator:
        await until(lambda: reason(world, POLICIES, "main") == "InForce")
        await until(lambda: reason(world, REGISTRIES, "prod") == "InForce")
        await until(lambda: world.reason(digest) == "Learned")
        await until(lambda: not operator.problems())
        # kopf sees what changes, and rings.
        world.server.put(POLICIES, "main", spec={"rules": {}})
        await until(lambda: reason(world, POLICIES, "main") == "Invalid", 20)


async def test_what_could_not_be_learned_is_asked_again_when_the_login_is_mended(
    world: World,
) -> None:
    digest = world.push()
    world.pod("web", digest)
    world.registry.login = BasicLogin(user="ci", password="secret")
    login(world, "wrong")
    registry(world, credentials={"secretName": "login"})
    async with operating(world):
        await until(lambda: world.reason(digest) == "Unauthorized")
        login(world, "secret")
        await until(lambda: reason(world, REGISTRIES, "prod") == "InForce")

        await until(lambda: world.reason(digest) == "Learned")


async def test_a_registry_that_is_made_later_lets_what_runs_be_learned(world: World) -> None:
    digest = world.push()
    world.pod("web", digest)
    async with operating(world):
        await until(lambda: world.reason(digest) == "NotConfigured")
        registry(world)

        await until(lambda: world.reason(digest) == "Learned", 20)


async def test_each_part_in_trouble_is_named(world: World) -> None:
    world.server.refuse("GET", "/imagepolicies$", 403, "Forbidden")
    world.server.refuse("GET", "/secrets$", 403, "Forbidden")
    async with operating(world, OPTIONS) as operator:
        await until(lambda: operator.problems().keys() == {"documents", "logins", "webhook"})

        assert "secrets: GET" in operator.problems()["webhook"]
        assert not operator.desk.read.is_set()


async def test_kinds_that_are_not_served_yet_stop_nothing_else(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.server.served.pop(OURS)
    digest = world.push()
    world.pod("web", digest)
    registry(world)
    async with operating(world):
        await until(lambda: "the cluster does not serve registries.cocket.dev" in caplog.text)
        await until(lambda: world.reason(digest) == "Learned")


async def test_what_runs_is_audited_and_what_comes_is_too(world: World) -> None:
    world.server.serve("/apis/wgpolicyk8s.io/v1alpha2", "policyreports")
    world.pod("web", world.push())
    registry(world)
    world.server.put(POLICIES, "main", spec={"rules": {"registry": {}, "provenance": {}}})

    def results() -> dict[str, dict[str, str]]:
        found = world.server.objects.get("/apis/wgpolicyk8s.io/v1alpha2/policyreports", {})
        return {
            one["scope"]["name"]: {result["rule"]: result["result"] for result in one["results"]}
            for one in found.values()
        }

    expected = {"registry": "fail", "provenance": "pass"}
    audit = AuditOptions(plan=PlanOptions(gather_seconds=0.1, retry_seconds=0.2))
    async with operating(world, audit=audit) as operator:
        await until(lambda: results() == {"web": expected})
        world.pod("api", world.push("2"))

        await until(lambda: results() == {"web": expected, "api": expected})
        assert "audit" not in operator.problems()
        assert operator.audit is not None
        assert operator.audit.latest is not None
        assert [one.owner.name for one in operator.audit.latest.audited] == ["api", "web"]


async def test_what_runs_is_audited_for_promotion_as_admission_asks_for_it(world: World) -> None:
    world.server.serve("/apis/wgpolicyk8s.io/v1alpha2", "policyreports")
    images = push(world.registry)
    for name, spec in registries(world.registry.host).items():
        world.server.put(REGISTRIES, name, spec=spec)
    for name, image in images.items():
        world.pod(name, image.rpartition("@")[2], "prod/web")
    rules = PROMOTION | AGREEMENT
    world.server.put(POLICIES, "main", spec={"mode": "enforce", "rules": rules})

    def results() -> dict[str, dict[str, str]]:
        found = world.server.objects.get("/apis/wgpolicyk8s.io/v1alpha2/policyreports", {})
        return {
            one["scope"]["name"]: {result["rule"]: result["result"] for result in one["results"]}
            for one in found.values()
        }

    audit = AuditOptions(plan=PlanOptions(gather_seconds=0.1, retry_seconds=0.2))
    async with operating(world, audit=audit):
        await until(
            lambda: (
                results()
                == {
                    "good": {"promotion": "pass", "provenance": "fail"},
                    "attested": {"promotion": "pass", "provenance": "pass"},
                    "lying": {"promotion": "pass", "provenance": "fail"},
                    "rogue": {"promotion": "fail", "provenance": "fail"},
                }
            ),
            20,
        )
