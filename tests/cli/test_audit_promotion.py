"""`cocket audit` and simulate ask whether images were promoted and attested, as admission does."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.audit.promoted import AGREEMENT, IMAGES, PROMOTION, document, push, registries
from tests.audit.world import PODS, World, pod_spec
from tests.audit.world import world as audit_world
from tests.cli.checking import write
from tests.cli.cluster_processes import write_kubeconfig
from tests.cli.registries import registry_in_thread
from tests.cli.runs import cocket
from webhook.demo.faults import Fault
from webhook.reports.strict_json import to_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from click.testing import Result

    from tests.cluster.api_server import Json
    from webhook.demo.registry import DemoRegistry

API = "/apis/cocket.dev/v1alpha1"
POLICIES = f"{API}/clusterimagepolicies"
BOTH = PROMOTION | AGREEMENT
REFUSED_BY_BOTH = {"good", "lying", "rogue"}
"""The first two for what builds say of them, the last one for both."""


class Cluster:
    """A cluster in which two Pods of each image run, their registry, and our commands."""

    def __init__(self, world: World, registry: DemoRegistry, folder: Path) -> None:
        self.world = world
        self.registry = registry
        self.folder = folder
        self.kubeconfig = write_kubeconfig(folder, world.api.server)
        world.server.put("/api/v1/namespaces", "shop")
        for name, spec in registries(registry.host).items():
            world.server.put(f"{API}/registries", name, spec=spec)
        for name, image in push(registry).items():
            for number in range(2):
                world.put(PODS, f"{name}-{number}", spec=pod_spec(image))

    def policy(self, rules: Json, **spec: str) -> None:
        """One that enforces these rules."""
        self.world.server.put(POLICIES, "all", spec={"mode": "enforce", "rules": rules, **spec})

    async def command(self, *arguments: str | Path, pace: str = "1000") -> Result:
        common = ("--kubeconfig", self.kubeconfig, "--requests-per-second", pace)
        return await asyncio.to_thread(cocket, *arguments, *common)

    async def refused(self, *options: str, pace: str = "1000") -> set[str]:
        """The images of which both Pods would be refused; of the others none would be."""
        shown = await self.command("audit", "-A", "-o", "json", *options, pace=pace)
        owners = json.loads(shown.stdout)["owners"]
        found = [one["owner"]["name"][:-2] for one in owners if not one["allowed"]]
        assert all(found.count(name) == 2 for name in found)
        return set(found)

    async def simulate(self, rules: Json, **spec: str) -> dict[str, Any]:
        asked = {"mode": "enforce", "rules": rules, **spec}
        file = write(
            self.folder / "new.yaml", to_json(document("ClusterImagePolicy", "all", asked))
        )
        done = await self.command("policy", "simulate", "-o", "json", file)
        assert done.exit_code in {0, 1, 3}, done.output
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def repeated(self) -> set[str]:
        """The questions that the registry was asked more than once.

        An image's own document is read twice where its builds are asked for: for what it is, and
        for the attestations that its index lists.
        """
        lines = Counter(self.registry.lines())
        for built in IMAGES.values():
            lines.subtract([f"GET /v2/prod/web/manifests/{built.digest}"])
        return {line for line, times in lines.items() if times > 1}


@pytest.fixture
def registry() -> Iterator[DemoRegistry]:
    with registry_in_thread() as registry:
        yield registry


@pytest.fixture
async def cluster(registry: DemoRegistry, tmp_path: Path) -> AsyncIterator[Cluster]:
    async with audit_world() as world:
        yield Cluster(world, registry, tmp_path)


@pytest.mark.parametrize("on_unknown", ["deny", "warn"])
@pytest.mark.parametrize(
    ("rules", "refused"),
    [(PROMOTION, {"rogue"}), (AGREEMENT, {"good", "lying", "rogue"}), (BOTH, REFUSED_BY_BOTH)],
)
async def test_an_audit_asks_what_admission_asks(
    cluster: Cluster, rules: Json, refused: set[str], on_unknown: str
) -> None:
    cluster.policy(rules, onUnknown=on_unknown)

    assert await cluster.refused() == refused
    # Each question once, however many Pods and rules ask it.
    assert cluster.repeated() == set()


async def test_what_nobody_asks_for_is_not_asked(cluster: Cluster) -> None:
    cluster.policy({"digest": {}})
    assert await cluster.refused() == set()
    assert cluster.registry.lines() == []

    cluster.policy({"provenance": {}})
    assert await cluster.refused() == set()
    assert not any("preprod" in line for line in cluster.registry.lines())
    assert not any("referrers" in line for line in cluster.registry.lines())


async def test_promotion_is_asked_at_the_pace_of_the_rest(cluster: Cluster) -> None:
    cluster.policy(PROMOTION)
    began = time.monotonic()
    assert await cluster.refused(pace="10") == {"rogue"}
    took = time.monotonic() - began

    assert len(cluster.registry.lines()) == len(IMAGES)
    assert took >= (len(IMAGES) - 1) / 10


async def test_a_registry_before_that_has_had_enough_gets_its_rest(cluster: Cluster) -> None:
    cluster.policy(BOTH)
    cluster.registry.fault("*", Fault(status=429, headers=(("Retry-After", "1"),)))
    began = time.monotonic()

    assert await cluster.refused() == REFUSED_BY_BOTH
    assert time.monotonic() - began >= 1


async def test_offline_it_could_not_be_checked_and_says_why(cluster: Cluster) -> None:
    cluster.policy(BOTH, onUnknown="warn")
    shown = await cluster.command("audit", "-A", "--offline")

    assert shown.exit_code == 3
    assert "(--offline)" in shown.stdout
    assert cluster.registry.lines() == []


async def test_a_policy_that_adds_promotion_newly_refuses_what_was_not_promoted(
    cluster: Cluster,
) -> None:
    cluster.policy({"digest": {}})
    added = await cluster.simulate({"digest": {}, **BOTH}, onUnknown="deny")

    changes = {one["owner"]["name"][:-2]: one["change"] for one in added["changes"]}
    assert changes == dict.fromkeys(REFUSED_BY_BOTH, "newlyRefused")
    assert cluster.repeated() == set()


async def test_what_both_policies_ask_is_asked_once(cluster: Cluster) -> None:
    cluster.policy(BOTH)
    eased = await cluster.simulate(BOTH, mode="warn")

    assert {one["change"] for one in eased["changes"]} == {"newlyAdmitted"}
    assert {one["owner"]["name"][:-2] for one in eased["changes"]} == REFUSED_BY_BOTH
    assert cluster.repeated() == set()
