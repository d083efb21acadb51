"""Facts where a registry, a right, or an object is missing or wrong."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.builders import REVISION
from tests.e2e.accounts import install_without
from tests.e2e.facts_world import World, count, learned, said, until, web
from tests.e2e.registries import start_registry
from webhook.core.registries import Registries
from webhook.operator.facts_steps import FactsOptions

if TYPE_CHECKING:
    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes


async def test_a_kind_that_cannot_be_listed_keeps_what_nobody_seems_to_use(
    world: World, plane: ControlPlane
) -> None:
    name = await world.push(web("hidden"))
    world.pod("hidden", name)
    options = FactsOptions(used_by_seconds=0.1, sweep_seconds=0.1, keep_unused=timedelta(0))
    async with world.keeper(options):
        await until(lambda: learned(world.facts(name)))

    world.account = install_without(plane, world.namespace, "pods")
    other = await world.push(web("seen"))
    async with world.keeper(options):
        world.deployment("seen", other)
        await until(lambda: learned(world.facts(other)))

    assert count(world.facts(name)) == 1


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

    assert said(again) == said(facts)
    assert again["metadata"]["uid"] != facts["metadata"]["uid"]
    assert len(world.registry.lines()) == asked
    # While nobody looked, and with the registry's answer not at hand.
    labels = {"org.opencontainers.image.revision": "bad0bad"}
    platforms = [
        one | {"config": one["config"] | {"labels": labels}} for one in again["spec"]["platforms"]
    ]
    world.patch(world.path(name), {"spec": {"platforms": platforms}})
    async with world.keeper():
        await until(lambda: said(learned(world.facts(name))) == said(facts))
