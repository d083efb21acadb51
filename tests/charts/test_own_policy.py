"""What we ask of everybody, we do: our own chart passes `cocket check` with our strictest policy.

The image is one that the test builds from what the Dockerfile says, and pushes to a real registry;
the real one needs a container engine, and was never built by a test.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.charts.rendering import FULL, ROOT, objects
from tests.cli.runs import process
from tests.dockerfile import stages
from tests.servers import real_registry
from webhook.demo.images import Built, image

if TYPE_CHECKING:
    from pathlib import Path

STRICTEST = ROOT / "examples" / "policies" / "strictest.yaml"


def built(**left_out: str) -> Built:
    """The image that `docker build` would make, as far as policies look at it."""
    _, (_, final) = stages()
    now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    arguments = {
        "REVISION": "4f9d6c1a2b3c4d5e6f708192a3b4c5d6e7f80912",
        "SOURCE": "https://git.example.com/platform/cocket",
        "CREATED": now,
        "VERSION": "0.1.0",
    }
    return image(
        entrypoint=final.command("ENTRYPOINT"),
        cmd=final.command("CMD"),
        labels=final.labels(arguments | left_out),
        user=final.last("USER"),
        created=now,
    )


def judged(folder: Path, host: str, image_values: dict[str, Any]) -> tuple[int, str]:
    registry = {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": "Registry",
        "metadata": {"name": "tests"},
        "spec": {
            "host": f"{host}/prod",
            "environment": "production",
            "allowPrivateAddresses": True,
            "tls": {"plainHTTP": True},
        },
    }
    registries = folder / "registries.yaml"
    registries.write_text(yaml.safe_dump(registry))
    values = FULL | {"image": {"registry": host, "repository": "prod/cocket", **image_values}}
    rendered = folder / "rendered.yaml"
    rendered.write_text(yaml.safe_dump_all(objects(values)))
    done = process("check", "--policy", registries, "--policy", STRICTEST, "-v", rendered)
    return done.returncode, done.stdout.decode() + done.stderr.decode()


@pytest.mark.tool("docker-registry")
async def test_the_chart_passes_our_strictest_policy(tmp_path: Path) -> None:
    async with real_registry(tmp_path) as registry:
        digest = await registry.push("prod/cocket", built())

        code, output = await asyncio.to_thread(judged, tmp_path, registry.host, {"digest": digest})

    assert code == 0, output
    for name in ("cocket-webhook", "cocket-operator", "cocket-uninstall", "cocket-test"):
        assert name in output


@pytest.mark.tool("docker-registry")
async def test_the_chart_without_a_digest_does_not(tmp_path: Path) -> None:
    async with real_registry(tmp_path) as registry:
        await registry.push("prod/cocket", built(), "0.1.0")

        code, output = await asyncio.to_thread(judged, tmp_path, registry.host, {})

    assert code == 1
    assert "is a tag, and tags move" in output


@pytest.mark.tool("docker-registry")
async def test_an_image_that_was_built_without_its_commit_does_not(tmp_path: Path) -> None:
    async with real_registry(tmp_path) as registry:
        digest = await registry.push("prod/cocket", built(REVISION="unknown"))

        code, output = await asyncio.to_thread(judged, tmp_path, registry.host, {"digest": digest})

    assert code == 1
    assert "org.opencontainers.image.revision" in output
