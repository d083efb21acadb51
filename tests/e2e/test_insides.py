"""What the operator reads in layers, on a real API server and out of a real registry."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import msgspec

from tests.attesting import COMMIT, SLSA_02, SPDX, buildkit, noted, slsa_02, spdx
from tests.e2e.facts_world import QUICK, World, until
from tests.e2e.replicas import OURS
from tests.layers.roots import layer
from tests.operator.test_insides import BASE, SCRIPT, built
from webhook.core.contents import Contents, packages_in
from webhook.core.recorded import name_of

LOOKING = msgspec.structs.replace(QUICK, looks_at_once=1, used_by_seconds=0.1, sweep_seconds=0.2)


def contents(world: World, name: str) -> dict[str, Any] | None:
    path = f"{OURS}/imagecontents/{name_of(name.partition('@')[2])}"
    status, text = world.plane.ask("GET", path)
    return json.loads(text) if status == 200 else None


async def test_what_lies_in_layers_is_recorded_shown_and_let_go(world: World) -> None:
    name = await world.push(built(layer(BASE), layer(SCRIPT)))
    world.pod("inside", name)
    async with world.keeper(LOOKING):
        facts = await until(
            lambda: (one := world.facts(name)) and one["spec"].get("inside") and one
        )
        listed = await until(lambda: contents(world, name))
        shown = await world.plane.kubectl_beside("get", "imagefacts,imagecontents", "-o", "wide")
        await asyncio.to_thread(world.delete_pod, "inside")
    short = msgspec.structs.replace(LOOKING, keep_unused=timedelta(seconds=1))
    async with world.keeper(short):
        await until(lambda: world.facts(name) is None)
        await until(lambda: contents(world, name) is None)

    assert facts["spec"]["pid1"] == "init tini: /start.sh /app"
    assert facts["spec"]["inside"][0]["inside"]["system"]["id"] == "debian"
    packages = packages_in(msgspec.convert(listed["spec"], Contents))
    assert [one.name for one in packages or ()] == ["openssl"]
    assert shown.stdout.count("Debian GNU/Linux 12 (bookworm)") == 2


async def test_what_is_attached_answers_first_and_the_base_is_recorded(world: World) -> None:
    notes = {"created": "2026-11-20T08:00:00Z", "version": "12"}
    below = built(layer(BASE), entrypoint=("/usr/bin/tini",))
    base = await world.push(noted(below, version="12"))
    labels = {"org.opencontainers.image.revision": "c3d4e5f6a7b8"}
    image = noted(built(layer(BASE), layer(SCRIPT), Labels=labels), **notes)
    name = await world.push(buildkit(image, (SPDX, spdx()), (SLSA_02, slsa_02())))
    world.pod("base", base)
    async with world.keeper(LOOKING):
        await until(lambda: (one := world.facts(base)) and one["spec"].get("made"))
        world.pod("attested", name)
        facts = await until(lambda: (one := world.facts(name)) and one["spec"].get("made") and one)
        listed = await until(lambda: contents(world, name))
        shown = await world.plane.kubectl_beside("get", "imagefacts", "-o", "wide")
        await asyncio.to_thread(world.delete_pod, "attested")
        await asyncio.to_thread(world.delete_pod, "base")

    (made,) = facts["spec"]["made"]
    spec = facts["spec"]
    noted_there = spec["platforms"][0]["annotations"]
    assert noted_there == {f"org.opencontainers.image.{key}": text for key, text in notes.items()}
    assert (spec["commit"], spec["commitFrom"], spec["agreement"]) == (COMMIT, "build", "disagrees")
    assert (spec["built"], spec["builtFrom"]) == ("2026-11-20T08:00:00Z", "annotation")
    assert (spec["source"], spec["sourceFrom"]) == ("https://github.com/acme/web", "build")
    assert made["base"]["annotations"] == ["org.opencontainers.image.version"]
    object_name = name_of(name.partition("@")[2])
    (row,) = [line for line in shown.stdout.splitlines() if line.startswith(object_name)]
    assert "disagrees" in row
    assert made["build"]["commit"] == COMMIT
    assert made["base"]["digest"] == base.partition("@")[2]
    assert facts["spec"]["inside"][0]["inside"]["source"] == "sbom"
    packages = packages_in(msgspec.convert(listed["spec"], Contents))
    assert "@babel/core" in [one.name for one in packages or ()]
