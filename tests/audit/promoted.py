"""A registry with images that were promoted or attested, and such that were not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.attesting import COMMIT, SLSA_02, SOURCE, buildkit, slsa_02
from webhook.demo.images import Built, image

if TYPE_CHECKING:
    from tests.cluster.api_server import Json
    from webhook.demo.registry import DemoRegistry

API = "cocket.dev/v1alpha1"
LABELS = {
    "org.opencontainers.image.revision": COMMIT,
    "org.opencontainers.image.source": SOURCE,
    "org.opencontainers.image.created": "2026-11-20T08:00:00Z",
}


def _built(name: str) -> Built:
    return image(entrypoint=["/sbin/tini", "--"], cmd=[f"/{name}"], labels=LABELS)


PROMOTED = {
    "good": _built("good"),
    "attested": buildkit(_built("attested"), (SLSA_02, slsa_02())),
    "lying": buildkit(_built("lying"), (SLSA_02, slsa_02(commit="f" * 40))),
}
ROGUE = {"rogue": _built("rogue")}
IMAGES = PROMOTED | ROGUE
PROMOTION: Json = {"promotion": {}}
AGREEMENT: Json = {"provenance": {"agreement": "require"}}


def push(production: DemoRegistry, before: DemoRegistry | None = None) -> dict[str, str]:
    """Put all of them into production, and what was promoted into the registry before; names."""
    names = {}
    for name, built in IMAGES.items():
        if name in PROMOTED:
            (before or production).add("preprod/web", built)
        names[name] = production.name("prod/web", production.add("prod/web", built))
    return names


def registries(production: str, before: str = "") -> dict[str, Json]:
    """The specs of the Registries for production and for what it is promoted from, by name."""
    reached = {"allowPrivateAddresses": True, "tls": {"plainHTTP": True}}
    return {
        "prod": {
            "host": f"{production}/prod",
            "environment": "production",
            "promotesFrom": "preprod",
            **reached,
        },
        "preprod": {"host": f"{before or production}/preprod", "environment": "test", **reached},
    }


def document(kind: str, name: str, spec: Json, namespace: str = "") -> Json:
    """A document of ours."""
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"apiVersion": API, "kind": kind, "metadata": metadata, "spec": spec}
