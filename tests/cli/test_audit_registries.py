"""`cocket audit` and registries: at a pace, once each, patient with who has had enough."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.audit.world import PODS, pod_spec, world
from tests.builders import DIGEST
from tests.cli.checking import policy, write
from tests.cli.cluster_processes import write_kubeconfig
from tests.cli.registries import reachable, registry_in_thread
from tests.cli.runs import cocket
from tests.cli.test_terminal import on_a_terminal
from webhook.demo.faults import Fault
from webhook.demo.images import image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from webhook.demo.registry import DemoRegistry

IMAGES = 4


@pytest.fixture
def registry() -> Iterator[DemoRegistry]:
    """A registry with some images, of which no cluster has recorded anything."""
    with registry_in_thread() as registry:
        for number in range(IMAGES):
            registry.add("prod/web", image(cmd=[f"/app{number}"]), tag=f"v{number}")
        yield registry


async def audit(
    registry: DemoRegistry, folder: Path, *options: str, terminal: bool = False
) -> tuple[str, float]:
    """Audit two Pods of each image; the lines of JSON or what a terminal got, and the seconds."""
    async with world() as cluster:
        for number in range(2 * IMAGES):
            name = f"{registry.host}/prod/web:v{number % IMAGES}"
            cluster.put(PODS, f"web-{number}", spec=pod_spec(name))
        rules = write(folder / "policy.yaml", policy(rules="init: {}"))
        arguments: tuple[str | Path, ...] = (
            "audit",
            "-A",
            "--kubeconfig",
            write_kubeconfig(folder, cluster.api.server),
            "--policy",
            rules,
            "--policy",
            reachable(registry, folder),
            *options,
        )
        began = time.monotonic()
        if terminal:
            shown = await asyncio.to_thread(on_a_terminal, *arguments, stream="stderr")
            return shown, time.monotonic() - began
        done = await asyncio.to_thread(cocket, *arguments, "-o", "jsonl")
        return done.stdout, time.monotonic() - began


async def test_each_image_is_asked_for_once_and_never_faster_than_said(
    registry: DemoRegistry, tmp_path: Path
) -> None:
    shown, took = await audit(registry, tmp_path, "--requests-per-second", "10")
    owners = [json.loads(line) for line in shown.splitlines()]
    assert len(owners) == 2 * IMAGES
    assert {one["findings"][0]["outcome"] for one in owners} == {"fail"}
    # What the tag points to, a manifest and a config of each.
    assert len(registry.requests) == 3 * IMAGES
    assert took >= (3 * IMAGES - 1) / 10


async def test_a_registry_that_has_had_enough_gets_its_rest(
    registry: DemoRegistry, tmp_path: Path
) -> None:
    registry.fault("*", Fault(status=429, headers=(("Retry-After", "1"),)))
    shown, took = await audit(registry, tmp_path, "--requests-per-second", "1000")
    assert '"unknown"' not in shown
    assert took >= 1
    assert len(registry.requests) <= 3 * IMAGES + 1 + IMAGES


async def test_a_bar_is_shown_on_a_terminal(registry: DemoRegistry, tmp_path: Path) -> None:
    seen, _ = await audit(registry, tmp_path, terminal=True)
    assert "Looking up images" in seen
    assert f"{IMAGES}/{IMAGES}" in seen


@pytest.mark.parametrize("command", [("audit", "-A"), ("policy", "simulate")])
async def test_a_registry_of_a_cloud_is_logged_in_to_by_that_cloud(
    tmp_path: Path, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Where no cloud is, the login says what is not set; so nobody is asked here.
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    ours = "/apis/cocket.dev/v1alpha1"
    async with world() as cluster:
        cluster.put(PODS, "web", spec=pod_spec(f"shop.azurecr.io/web@{DIGEST}"))
        spec = {"host": "shop.azurecr.io", "credentials": {"provider": "acr"}}
        cluster.server.put(f"{ours}/registries", "shop", spec=spec)
        rules: dict[str, Any] = {"init": {}} if command[0] == "audit" else {"digest": {}}
        cluster.server.put(f"{ours}/clusterimagepolicies", "all", spec={"rules": rules})
        stricter = write(tmp_path / "new.yaml", policy("new", rules="init: {}"))
        new = [] if command[0] == "audit" else [stricter]
        kubeconfig = write_kubeconfig(tmp_path, cluster.api.server)
        shown = await asyncio.to_thread(
            cocket, *command, "--kubeconfig", kubeconfig, "-o", "json", *new
        )

    assert shown.exit_code == 1
    assert "Azure Container Registry gives to Registry shop could not be had" in shown.stdout
    assert "AZURE_CLIENT_ID" in shown.stdout
