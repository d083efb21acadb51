"""`cocket running`, also as kubectl's plugin, on a real cluster with facts that were recorded."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.attesting import COMMIT, SLSA_02, buildkit, noted, slsa_02
from tests.builders import LABELS, REVISION
from tests.e2e.auditor import granted
from tests.e2e.cockets import COCKET
from tests.e2e.facts_world import QUICK, World, until
from tests.layers.roots import layer
from tests.operator.test_insides import BASE, SCRIPT, built
from webhook.demo.images import image

LOOKING = msgspec.structs.replace(QUICK, looks_at_once=1)
ENDED = BASE | {
    "etc/os-release": 'ID=alpine\nVERSION_ID=3.12.0\nPRETTY_NAME="Alpine Linux v3.12"\n'
}
SHELL_FORM = ("/bin/sh", "-c", "python app.py")
OCI = "org.opencontainers.image"
OTHER = "c3d4e5f6a7b8"
README = Path(__file__).parents[2] / "README.md"
_SECONDS = 60.0


class Looker:
    """Somebody with the rights that docs/running.md names, who runs the command."""

    def __init__(self, world: World) -> None:
        self.namespace = world.namespace
        user = granted(world.plane, world.namespace, "looker", "running.md")
        self.kubeconfig = world.plane.kubeconfig(user)

    def run(self, *arguments: str) -> str:
        """Its standard output."""
        done = subprocess.run(
            [COCKET, "running", "--kubeconfig", self.kubeconfig, "-n", self.namespace, *arguments],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def containers(self) -> dict[str, dict[str, Any]]:
        """By the name of the workload."""
        found = json.loads(self.run("-o", "json"))["containers"]
        return {one["workload"]["name"]: one for one in found}


async def deployed(world: World) -> dict[str, str]:
    """Four Deployments with Pods: two of layers, one of a config, one of a tag; by image.

    The label of one of them says another commit than its build does.
    """
    billing = built(layer(ENDED), entrypoint=SHELL_FORM, Labels={f"{OCI}.revision": OTHER})
    attested = buildkit(noted(billing, created="2026-10-02T15:30:00Z"), (SLSA_02, slsa_02()))
    settings: dict[str, Any] = {"Labels": LABELS, "StopSignal": "SIGQUIT"}
    names = {
        "web": await world.push(built(layer(BASE), layer(SCRIPT), **settings), "prod/web"),
        "billing": await world.push(attested, "prod/billing"),
        "mailer": await world.push(image(cmd=["mailer"]), "prod/mailer"),
    }
    names["tagged"] = f"{names['web'].partition('@')[0]}:1.1"
    for name, text in names.items():
        await asyncio.to_thread(world.deployment, name, text)
    return names


def _recorded(world: World, name: str, field: str) -> object:
    return (world.facts(name) or {}).get("spec", {}).get(field)


async def test_what_runs_is_told_by_the_cluster_and_the_operators_facts(world: World) -> None:
    looker = await asyncio.to_thread(Looker, world)
    with world.plane.controllers():
        names = await deployed(world)
        async with world.keeper(LOOKING):
            for name, field in (("web", "inside"), ("billing", "inside"), ("mailer", "pid1")):
                await until(partial(_recorded, world, names[name], field), 60)
            found = await until(lambda: len(one := looker.containers()) == 4 and one, 60)
    shown = await asyncio.to_thread(looker.run)

    assert {name: one["workload"]["kind"] for name, one in found.items()} == dict.fromkeys(
        names, "Deployment"
    )
    web = found["web"]
    assert web["os"] == {
        "name": "Debian GNU/Linux 12 (bookworm)",
        "endOfLife": "2028-06-30",
        "ended": False,
    }
    assert (web["commit"], web["application"]) == (REVISION, "acme/web")
    assert web["commitUrl"] == f"https://github.com/acme/web/commit/{REVISION}"
    assert (web["pid1"], web["stopSignal"]) == ("init tini: /start.sh /app", "SIGQUIT")
    assert web["sure"] == "files in layers"
    assert found["billing"]["os"]["ended"]
    assert found["billing"]["pid1"].startswith("shell form: ")
    billing = found["billing"]
    assert (billing["commit"], billing["commitFrom"]) == (COMMIT, "build")
    assert (billing["builtFrom"], billing["sourceFrom"]) == ("annotation", "build")
    assert billing["agreement"] == "disagrees"
    assert billing["differences"] == (
        "the label says commit c3d4e5f6a7b8, the build says 4f9d6c1e2b3a…"
    )
    [line] = [one for one in shown.splitlines() if one.startswith("Deployment/billing")]
    assert f"{COMMIT[:12]} (disputed)" in line
    assert "commit, source by the build attested in its index, not signed; built by" in line
    assert found["mailer"]["sure"] == "files in layers"
    assert found["mailer"]["commit"] is None
    assert found["tagged"]["sure"] == "unknown"
    assert "a tag names it" in found["tagged"]["unknown"]["detail"]
    # What the README shows has the columns that there are.
    [head] = re.findall(r"^WORKLOAD +CONTAINER .+$", README.read_text("utf-8"), re.MULTILINE)
    assert re.split(" {2,}", head.strip()) == re.split(" {2,}", shown.splitlines()[0])
    assert len(shown.splitlines()) == 5


async def test_an_image_that_no_operator_saw_says_so(world: World) -> None:
    name = await world.push(image(cmd=["new"]), "prod/new")
    world.pod("new", name)
    looker = await asyncio.to_thread(Looker, world)

    one = (await asyncio.to_thread(looker.containers))["new"]

    assert one["sure"] == "unknown"
    assert one["unknown"]["detail"].startswith("not recorded yet")
    assert {one[key] for key in ("os", "commit", "built", "pid1", "application")} == {None}


async def test_kubectl_finds_the_commands_as_a_plugin(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{COCKET.parent}{os.pathsep}{os.environ['PATH']}")
    world.pod("web", "web:1.0")
    where = (f"--kubeconfig={world.plane.kubeconfig()}", "-n", world.namespace)

    listed, shown, help_, unknown = [
        await asyncio.to_thread(world.plane.kubectl_bare, *arguments)
        for arguments in (
            ("plugin", "list"),
            ("cocket", "running", *where, "pod/web", "-o", "jsonl"),
            ("cocket", "running", "--help"),
            ("cocket", "runing"),
        )
    ]

    assert str(COCKET.with_name("kubectl-cocket")) in listed.stdout
    assert shown.returncode == 0, shown.stderr
    assert json.loads(shown.stdout)["workload"]["name"] == "web"
    assert help_.stdout.startswith("Usage: kubectl cocket running [OPTIONS]")
    assert "  kubectl cocket running -n shop deployment/web" in help_.stdout
    assert unknown.returncode == 2
    assert "kubectl cocket --help" in unknown.stderr
