"""A registry to promote in, from preprod/ to prod/, and the command asked to do it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tests.builders import LABELS
from tests.cli.registries import registry_in_thread
from tests.cli.runs import cocket
from webhook.demo.images import Built, image, sha256
from webhook.demo.pushes import Pushes
from webhook.demo.registry import DemoRegistry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.testing import Result

WEB = image(entrypoint=["/sbin/tini", "--"], cmd=["/app"], labels=LABELS)
BARE = image(cmd=["node", "server.js"])


class World(msgspec.Struct):
    """A registry with preprod/ and prod/ in it, and the policy that tells them apart."""

    registry: DemoRegistry
    policy: Path

    def source(self, built: Built) -> str:
        digest = self.registry.add("preprod/web", built, "118")
        return f"{self.registry.host}/preprod/web@{digest}"

    def target(self, built: Built, tag: str = "") -> str:
        return f"{self.registry.host}/prod/web{tag and ':'}{tag}@{built.digest}"

    def promote(self, source: str, *more: str | Path, to: str = "prod") -> Result:
        return cocket("promote", source, "--to", to, "--policy", self.policy, *more)


def registry(name: str, host: str, **more: Any) -> dict[str, Any]:
    spec = {"host": f"{host}/{name}", "allowPrivateAddresses": True, "tls": {"plainHTTP": True}}
    return {
        "apiVersion": "cocket.dev/v1alpha1",
        "kind": "Registry",
        "metadata": {"name": name},
        "spec": spec | more,
    }


@contextmanager
def world(
    folder: Path, mode: str = "enforce", rules: dict[str, Any] | None = None
) -> Iterator[World]:
    with registry_in_thread() as demo:
        demo.pushes, demo.referrers = Pushes(), True
        policy = {
            "apiVersion": "cocket.dev/v1alpha1",
            "kind": "ClusterImagePolicy",
            "metadata": {"name": "production"},
            "spec": {
                "mode": mode,
                "namespaceSelector": {"matchLabels": {"env": "prod"}},
                "rules": rules or {"digest": {}, "registry": {}, "provenance": {}, "init": {}},
            },
        }
        documents = [
            registry("preprod", demo.host),
            registry("prod", demo.host, promotesFrom="preprod", environment="production"),
            policy,
        ]
        path = folder / "policy.yaml"
        path.write_text("---\n".join(json.dumps(one) + "\n" for one in documents))
        yield World(demo, path)


def with_layer(built: Built, layer: bytes) -> Built:
    """The image with one more layer, whatever its config says."""
    manifest = json.loads(built.manifest)
    kind = manifest["layers"][0]["mediaType"]
    more = {"mediaType": kind, "digest": sha256(layer), "size": len(layer)}
    manifest["layers"].append(more)
    body = json.dumps(manifest).encode()
    return msgspec.structs.replace(built, manifest=body, layers=(*built.layers, layer))
