"""Facts of what runs, on a real API server and a real registry."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from tests.builders import LABELS, REVISION
from tests.e2e.audit_log import used
from tests.e2e.facts_world import QUICK, World, count, learned, until, web
from webhook.demo.images import index

if TYPE_CHECKING:
    from tests.e2e.control_plane import ControlPlane


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
        facts, ("single", "multi"), (["linux/amd64"], ["linux/amd64", "linux/arm64"]), strict=True
    ):
        spec = one["spec"]
        assert spec["commit"] == REVISION
        assert spec["source"] == LABELS["org.opencontainers.image.source"]
        assert spec["built"] == LABELS["org.opencontainers.image.created"]
        assert "tini" in spec["pid1"]
        assert spec["registries"] == ["prod"]
        assert spec["image"] == f"{world.registry.host}/shop/web"
        assert [p["platform"] for p in spec["platforms"]] == platforms
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
    options = msgspec.structs.replace(
        QUICK, used_by_seconds=0.1, sweep_seconds=0.2, keep_unused=timedelta(hours=1)
    )
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

    short = msgspec.structs.replace(options, keep_unused=timedelta(seconds=2))
    async with world.keeper(short):
        await until(lambda: world.facts(name) is None)


def test_nothing_of_the_users_was_written(account: str, plane: ControlPlane) -> None:
    written = {
        one.resource
        for one in used(plane.audit_log)[account]
        if one.verb not in {"get", "list", "watch"}
    }

    assert written == {"imagefacts", "imagefacts/status"}
