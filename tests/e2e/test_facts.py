"""Facts of what runs, on a real API server and a real registry."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import LABELS, REVISION
from tests.e2e.audit_log import refused, used
from tests.e2e.registries import start_registry
from webhook.cluster.login import open_api
from webhook.core.image import normal_host
from webhook.core.recorded import name_of
from webhook.core.registries import Registries, Registry
from webhook.demo.images import Built, image, index
from webhook.operator.facts import FactsKeeper
from webhook.operator.facts_steps import FactsOptions
from webhook.registry.client import open_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes
    from tests.servers import RealRegistry

FACTS = "/apis/cocket.dev/v1alpha1/imagefacts"
QUICK = FactsOptions(used_by_seconds=2.0, sweep_seconds=0.5, writes_per_second=100.0)
RULES = [
    {"apiGroups": [""], "resources": ["pods", "podtemplates", "replicationcontrollers"]},
    {"apiGroups": ["apps"], "resources": ["deployments", "replicasets", "statefulsets"]},
    {"apiGroups": ["apps"], "resources": ["daemonsets"]},
    {"apiGroups": ["batch"], "resources": ["jobs", "cronjobs"]},
]
WRITES = [
    {"resources": ["imagefacts"], "verbs": ["list", "watch", "create", "patch", "delete"]},
    {"resources": ["imagefacts/status"], "verbs": ["patch"]},
]


@pytest.fixture(scope="module")
def account(plane: ControlPlane) -> str:
    """A ServiceAccount that may do what the operator needs for facts, and nothing else."""
    plane.install_crds()
    plane.create_namespace("facts-operator")
    user = plane.create_account("facts-operator", "operator")
    rules = [rule | {"verbs": ["list", "watch"]} for rule in RULES]
    rules += [rule | {"apiGroups": ["cocket.dev"]} for rule in WRITES]
    rbac = "rbac.authorization.k8s.io"
    plane.apply(
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "facts"},
            "rules": rules,
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "facts"},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "facts"},
            "subjects": [
                {"kind": "ServiceAccount", "namespace": "facts-operator", "name": "operator"}
            ],
        },
    )
    return user


@pytest.fixture(scope="module")
def registry(module_processes: Processes) -> RealRegistry:
    return start_registry(module_processes)


class World:
    """A cluster, a registry, and the namespace of one test."""

    def __init__(
        self, plane: ControlPlane, registry: RealRegistry, account: str, namespace: str
    ) -> None:
        self.plane = plane
        self.account = account
        self.namespace = namespace
        self.use(registry)

    def use(self, registry: RealRegistry) -> None:
        """Let this one be the Registry `prod`."""
        self.registry = registry
        self.configured = Registries(
            [
                Registry(
                    name="prod",
                    host=normal_host(registry.host),
                    plain_http=True,
                    allow_private_addresses=True,
                )
            ]
        )

    @asynccontextmanager
    async def keeper(self, options: FactsOptions = QUICK) -> AsyncIterator[FactsKeeper]:
        """The operator's part, as its ServiceAccount."""
        kubeconfig = await asyncio.to_thread(self.plane.kubeconfig, self.account)
        async with open_api(kubeconfig=kubeconfig) as api:
            client = open_client()
            keeper = FactsKeeper(
                api,
                registries=lambda: self.configured,
                client=client,
                clock=lambda: datetime.now(UTC),
                options=options,
            )
            running = asyncio.create_task(keeper.run())
            try:
                yield keeper
            finally:
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                await client.close()

    async def push(self, built: Built, repository: str = "shop/web") -> str:
        """Push it; gives its name by digest."""
        return self.registry.name(repository, await self.registry.push(repository, built))

    def pod(self, name: str, *images: str) -> dict[str, Any]:
        """Create a Pod; gives what the API server made of it."""
        containers = [{"name": f"c{number}", "image": one} for number, one in enumerate(images)]
        path = f"/api/v1/namespaces/{self.namespace}/pods"
        body = {"metadata": {"name": name}, "spec": {"containers": containers}}
        created: dict[str, Any] = self.plane.create(path, body)
        return created

    def deployment(self, name: str, image_name: str) -> None:
        """Create a Deployment of one container."""
        spec = {"containers": [{"name": "web", "image": image_name}]}
        template = {"metadata": {"labels": {"app": name}}, "spec": spec}
        selector = {"matchLabels": {"app": name}}
        self.plane.create(
            f"/apis/apps/v1/namespaces/{self.namespace}/deployments",
            {"metadata": {"name": name}, "spec": {"selector": selector, "template": template}},
        )

    def delete_pod(self, name: str) -> None:
        path = f"/api/v1/namespaces/{self.namespace}/pods/{name}"
        assert self.plane.ask("DELETE", path, {"gracePeriodSeconds": 0})[0] == 200

    def facts(self, image_name: str) -> dict[str, Any] | None:
        """The object about the digest in the name."""
        status, text = self.plane.ask("GET", self.path(image_name))
        assert status in {200, 404}, text
        return json.loads(text) if status == 200 else None

    def path(self, image_name: str) -> str:
        return f"{FACTS}/{name_of(image_name.partition('@')[2])}"

    def patch(self, path: str, body: object) -> None:
        content_type = "application/merge-patch+json"
        assert self.plane.ask("PATCH", path, body, content_type=content_type)[0] == 200


@pytest.fixture
def world(plane: ControlPlane, registry: RealRegistry, account: str, namespace: str) -> World:
    return World(plane, registry, account, namespace)


async def until(true: Callable[[], Any], seconds: float = 20) -> Any:
    """What is true in the end; the loop goes on meanwhile."""
    deadline = time.monotonic() + seconds
    while not (found := await asyncio.to_thread(true)):
        assert time.monotonic() < deadline, f"not within {seconds:g} s"
        await asyncio.sleep(0.05)
    return found


def learned(facts: dict[str, Any] | None) -> dict[str, Any] | None:
    """The facts, if a registry told them and users were counted."""
    if facts is None or not facts["spec"].get("platforms"):
        return None
    conditions = facts.get("status", {}).get("conditions", [])
    good = any(one["type"] == "Learned" and one["status"] == "True" for one in conditions)
    return facts if good and facts["status"].get("usedBy") else None


def count(facts: dict[str, Any] | None) -> int:
    return int((facts or {}).get("status", {}).get("usedBy", {}).get("count", -1))


def _said(facts: dict[str, Any] | None) -> dict[str, Any]:
    """The spec without fields that say nothing."""
    return {key: value for key, value in (facts or {}).get("spec", {}).items() if value}


def web(version: str, **more: Any) -> Built:
    settings = {"entrypoint": ["tini", "--"], "cmd": ["web", version], "labels": LABELS}
    return image(**(settings | more))


async def test_a_manifest_and_an_index_that_run_are_known_by_their_commit(world: World) -> None:
    single = await world.push(web("single"))
    both = await world.push(index([web("multi"), web("multi", architecture="arm64")]))
    before = [world.pod("single", single), world.pod("multi", both)]

    async with world.keeper():
        facts = [
            await until(lambda: learned(world.facts(single))),
            await until(lambda: learned(world.facts(both))),
        ]

    for one, name, platforms in zip(
        facts, ("single", "multi"), (["amd64"], ["amd64", "arm64"]), strict=True
    ):
        spec = one["spec"]
        assert spec["commit"] == REVISION
        assert spec["source"] == LABELS["org.opencontainers.image.source"]
        assert spec["built"] == LABELS["org.opencontainers.image.created"]
        assert "tini" in spec["pid1"]
        assert spec["registries"] == ["prod"]
        assert spec["image"] == f"{world.registry.host}/shop/web"
        assert [p["config"]["architecture"] for p in spec["platforms"]] == platforms
        assert one["status"]["usedBy"] == {"count": 1, "names": [f"{world.namespace}/Pod/{name}"]}
    shown = await world.plane.kubectl_beside("get", "imagefacts")
    assert REVISION in shown.stdout
    after = [
        world.plane.get(f"/api/v1/namespaces/{world.namespace}/pods/{name}")
        for name in ("single", "multi")
    ]
    assert after == before


async def test_a_template_counts_as_a_user_and_a_restart_asks_nobody(world: World) -> None:
    name = await world.push(web("template"))
    world.deployment("web", name)
    containers = [{"name": "web", "image": name}]
    job = {"metadata": {}, "spec": {"containers": containers, "restartPolicy": "Never"}}
    served = world.plane.version >= (1, 21)
    world.plane.create(
        f"/apis/batch/{'v1' if served else 'v1beta1'}/namespaces/{world.namespace}/cronjobs",
        {
            "metadata": {"name": "nightly"},
            "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": job}}},
        },
    )
    async with world.keeper():
        await until(lambda: count(learned(world.facts(name))) == 2)
    facts = world.facts(name)
    asked = len(world.registry.lines())

    async with world.keeper():
        world.pod("web-1", name)
        again = await until(lambda: (one := world.facts(name)) and count(one) == 3 and one)

    assert len(world.registry.lines()) == asked
    assert facts is not None
    assert again["spec"] == facts["spec"]
    assert again["metadata"]["generation"] == facts["metadata"]["generation"]
    namespace = world.namespace
    assert again["status"]["usedBy"]["names"] == [
        f"{namespace}/CronJob/nightly",
        f"{namespace}/Deployment/web",
        f"{namespace}/Pod/web-1",
    ]


async def test_users_are_written_rarely_and_all_in_the_end(world: World) -> None:
    name = await world.push(web("busy"))
    async with world.keeper():
        world.pod("busy-0", name)
        first = await until(lambda: learned(world.facts(name)))
        versions = {first["metadata"]["resourceVersion"]}
        began = time.monotonic()

        def all_of_them() -> bool:
            facts = world.facts(name)
            assert facts is not None
            versions.add(facts["metadata"]["resourceVersion"])
            return count(facts) == 15

        for number in range(1, 15):
            await asyncio.to_thread(world.pod, f"busy-{number}", name)
            all_of_them()
        await until(all_of_them)
        took = time.monotonic() - began

    assert len(versions) <= 2 + took / QUICK.used_by_seconds
    facts = world.facts(name)
    assert facts is not None
    every = sorted(f"{world.namespace}/Pod/busy-{number}" for number in range(15))
    assert facts["status"]["usedBy"]["names"] == every[:10]


async def test_what_nobody_uses_is_kept_for_a_time_and_deleted(world: World) -> None:
    name = await world.push(web("gone"))
    world.pod("gone", name)
    options = FactsOptions(used_by_seconds=0.1, sweep_seconds=0.2, keep_unused=timedelta(hours=1))
    async with world.keeper(options):
        await until(lambda: learned(world.facts(name)))
        await asyncio.to_thread(world.delete_pod, "gone")
        unused = await until(
            lambda: (one := world.facts(name)) and one["status"].get("unusedSince") and one
        )
        assert count(unused) == 0
        await asyncio.to_thread(world.pod, "back", name)
        await until(
            lambda: (one := world.facts(name)) and "unusedSince" not in one["status"] and one
        )
        await asyncio.to_thread(world.delete_pod, "back")
        await until(lambda: (one := world.facts(name)) and one["status"].get("unusedSince"))

    short = FactsOptions(used_by_seconds=0.1, sweep_seconds=0.2, keep_unused=timedelta(seconds=2))
    async with world.keeper(short):
        await until(lambda: world.facts(name) is None)


async def test_a_kind_that_cannot_be_listed_keeps_what_nobody_seems_to_use(
    world: World, plane: ControlPlane
) -> None:
    name = await world.push(web("hidden"))
    world.pod("hidden", name)
    options = FactsOptions(used_by_seconds=0.1, sweep_seconds=0.1, keep_unused=timedelta(0))
    async with world.keeper(options):
        await until(lambda: learned(world.facts(name)))
    role = plane.get("/apis/rbac.authorization.k8s.io/v1/clusterroles/facts")
    blind = [rule for rule in role["rules"] if "pods" not in rule["resources"]]
    path = "/apis/rbac.authorization.k8s.io/v1/clusterroles/facts"
    world.patch(path, {"rules": blind})
    try:
        other = await world.push(web("seen"))
        async with world.keeper(options):
            world.deployment("seen", other)
            await until(lambda: learned(world.facts(other)))

        assert count(world.facts(name)) == 1
    finally:
        world.patch(path, {"rules": role["rules"]})


async def test_what_cannot_be_learned_is_recorded_and_learned_when_a_registry_changes(
    world: World,
) -> None:
    name = await world.push(web("late"))
    world.pod("late", name)
    configured, world.configured = world.configured, Registries()
    async with world.keeper() as keeper:
        facts = await until(lambda: world.facts(name))
        condition = (
            await until(lambda: (world.facts(name) or {}).get("status", {}).get("conditions"))
        )[0]
        assert facts["spec"].get("platforms", []) == []
        assert (condition["type"], condition["status"]) == ("Learned", "False")
        assert condition["reason"] == "NotConfigured"
        world.configured = configured
        keeper.registries_changed()
        await until(lambda: learned(world.facts(name)))


async def test_a_registry_that_was_away_is_asked_again_by_itself(
    world: World, processes: Processes
) -> None:
    world.use(start_registry(processes, "away"))
    names = [await world.push(web(f"away-{number}")) for number in range(6)]
    processes.started["away"].stop()
    for number, name in enumerate(names):
        world.pod(f"away-{number}", name)
    options = FactsOptions(used_by_seconds=1.0, first_retry_seconds=1.0)
    async with world.keeper(options):

        def reasons() -> set[str]:
            every = [(world.facts(name) or {}).get("status", {}) for name in names]
            return {one["conditions"][0]["reason"] if one else "" for one in every}

        await until(lambda: reasons() == {"Unreachable"})
        start_registry(processes, "away", int(world.registry.host.rpartition(":")[2]))
        await until(lambda: all(learned(world.facts(name)) for name in names), 60)


async def test_a_digest_that_no_registry_has_is_recorded_only_where_a_pod_runs_it(
    world: World,
) -> None:
    nowhere = world.registry.name("shop/web", "sha256:" + "12" * 32)
    template = world.registry.name("shop/web", "sha256:" + "34" * 32)
    world.pod("nowhere", nowhere)
    world.deployment("nowhere", template)
    async with world.keeper():
        condition = (
            await until(lambda: (world.facts(nowhere) or {}).get("status", {}).get("conditions"))
        )[0]
        await until(lambda: any("34" * 32 in line for line in world.registry.lines()))
        assert condition["reason"] == "NotFound"

    assert world.facts(template) is None


async def test_facts_that_somebody_edits_or_deletes_are_put_right(world: World) -> None:
    name = await world.push(web("truth"))
    world.pod("truth", name)
    async with world.keeper():
        facts = await until(lambda: learned(world.facts(name)))
        await asyncio.to_thread(world.patch, world.path(name), {"spec": {"commit": "bad0bad"}})
        await until(lambda: (world.facts(name) or {})["spec"].get("commit") == REVISION)
        await until(lambda: learned(world.facts(name)))
        asked = len(world.registry.lines())
        status, _ = await asyncio.to_thread(world.plane.ask, "DELETE", world.path(name))
        assert status == 200
        again = await until(lambda: learned(world.facts(name)))

    assert _said(again) == _said(facts)
    assert again["metadata"]["uid"] != facts["metadata"]["uid"]
    assert len(world.registry.lines()) == asked
    # While nobody looked, and with the registry's answer not at hand.
    labels = {"org.opencontainers.image.revision": "bad0bad"}
    platforms = [
        one | {"config": one["config"] | {"labels": labels}} for one in again["spec"]["platforms"]
    ]
    world.patch(world.path(name), {"spec": {"platforms": platforms}})
    async with world.keeper():
        await until(lambda: _said(learned(world.facts(name))) == _said(facts))


def test_nothing_of_the_users_was_written(account: str, plane: ControlPlane) -> None:
    written = {
        one.resource
        for one in used(plane.audit_log)[account]
        if one.verb not in {"get", "list", "watch"}
    }

    assert written == {"imagefacts", "imagefacts/status"}
    forbidden = {str(one) for one in refused(plane.audit_log).get(account, set())}
    # Those of the test that takes the permission away.
    assert all("pods" in one or "podtemplates" in one or "replication" in one for one in forbidden)
