"""Rule `promotion` on a real API server: what was promoted runs, also when its origin is gone."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.builders import LABELS
from tests.e2e.cockets import COCKET
from tests.e2e.registration import webhook_configuration
from tests.e2e.registries import start_registry
from tests.e2e.replicas import OURS, Replicas, policy
from tests.e2e.server import wait_until
from tests.promote.keys import KINDS, write_key
from webhook.core.recorded import name_of
from webhook.demo.images import image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.cockets import Cocket, Cockets, Webhook
    from tests.e2e.control_plane import ControlPlane
    from tests.servers import RealRegistry

WEB = image(entrypoint=["/sbin/tini", "--"], cmd=["/web"], labels=LABELS)
REBUILT = image(entrypoint=["/sbin/tini", "--"], cmd=["/web", "again"], labels=LABELS)
WEBHOOKS = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
KEY = KINDS["Ed25519"]


class World(msgspec.Struct, frozen=True, kw_only=True):
    """Two registries, and a namespace for each way to show that an image was promoted."""

    plane: ControlPlane
    cockets: Cockets
    replicas: Replicas
    ca_pem: str
    name: str
    by_origin: str
    by_evidence: str
    preprod: RealRegistry
    prod: RealRegistry

    def documents(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The Registries and policies, with the plural of each."""
        for which, registry, more in (
            ("preprod", self.preprod, {}),
            ("prod", self.prod, {"promotesFrom": f"{self.name}-preprod"}),
        ):
            reached = {"allowPrivateAddresses": True, "tls": {"plainHTTP": True}}
            yield (
                "registries",
                {
                    "apiVersion": "cocket.dev/v1alpha1",
                    "kind": "Registry",
                    "metadata": {"name": f"{self.name}-{which}"},
                    "spec": {"host": f"{registry.host}/{which}"} | reached | more,
                },
            )
        public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for namespace, accepted in (
            (self.by_origin, {"accept": ["origin"]}),
            (self.by_evidence, {"accept": ["evidence"], "keys": [public.decode()]}),
        ):
            rules = {"promotion": accepted}
            yield (
                "clusterimagepolicies",
                policy(namespace, [namespace], rules=rules, onUnknown="deny"),
            )

    def answer_by(self, name: str) -> Webhook:
        """Let the API server ask a replica that remembers nothing."""
        webhook = self.replicas.start(name)
        webhook.wait_ready()
        body = webhook_configuration(
            self.name, webhook.url, self.ca_pem, [self.by_origin, self.by_evidence]
        )
        self.plane.ask("DELETE", f"{WEBHOOKS}/{self.name}")
        self.plane.apply(body)
        return webhook

    def pod(self, namespace: str, digest: str) -> str:
        """Create a Pod; empty where it was admitted, else what the API server said."""
        container = {"name": "app", "image": self.prod.name("prod/web", digest)}
        body = {"metadata": {"generateName": "web-"}, "spec": {"containers": [container]}}
        status, text = self.plane.ask("POST", f"/api/v1/namespaces/{namespace}/pods", body)
        return "" if status == 201 else json.loads(text)["message"]

    def promote(self, folder: Path) -> None:
        """As a pipeline does it, from the same documents."""
        registries = folder / "registries.yaml"
        registries.write_text(
            "---\n".join(json.dumps(one) + "\n" for kind, one in self.documents() if "reg" in kind)
        )
        name = self.preprod.name("preprod/web", WEB.digest)
        arguments = ("promote", name, "--to", f"{self.name}-prod", "--policy", registries)
        key = ("--key", write_key(folder, KEY))
        program = self.cockets.processes.start("promote", COCKET, *arguments, *key)
        assert program.wait(60) == 0, program.tail()
        assert program.printed() == f"{self.prod.name('prod/web', WEB.digest)}\n"

    def slip_in(self, namespace: str, digest: str) -> None:
        """Create a Pod while the webhook is away; who answers next, sees it run."""
        self.plane.ask("DELETE", f"{WEBHOOKS}/{self.name}")
        wait_until(lambda: self.pod(namespace, digest) == "", "nobody is asked", 60)

    def refusals(self, namespace: str) -> dict[str, list[str]]:
        """What `cocket audit` would have refused of what runs, by image, and why."""
        arguments = ("audit", "-n", namespace, "--kubeconfig", self.plane.kubeconfig())
        program = self.cockets.processes.start("audit", COCKET, *arguments, "-o", "json")
        assert program.wait(60) == 1, program.tail()
        found: dict[str, list[str]] = {}
        for one in json.loads(program.printed())["owners"]:
            said = [finding["message"] for finding in one["findings"] if not one["allowed"]]
            found.setdefault(one["images"][0]["image"], []).extend(said)
        return found

    def recorded(self) -> bool:
        """Whether the operator has written down both that it saw."""
        status, text = self.plane.ask("GET", f"{OURS}/imagefacts/{name_of(WEB.digest)}")
        promotion = json.loads(text)["spec"].get("promotion", {}) if status == 200 else {}
        return bool(promotion.get("origins") and promotion.get("signers"))


@pytest.fixture
def world(plane: ControlPlane, cockets: Cockets, namespace: str) -> Iterator[World]:
    plane.install_crds()
    replicas = Replicas(plane, cockets, namespace)
    issued = replicas.put_certificate()
    made = World(
        plane=plane,
        cockets=cockets,
        replicas=replicas,
        ca_pem=issued.ca.decode(),
        name=f"promotion-{namespace}",
        by_origin=plane.create_namespace(f"{namespace}-by-origin"),
        by_evidence=plane.create_namespace(f"{namespace}-by-evidence"),
        preprod=start_registry(cockets.processes, "preprod"),
        prod=start_registry(cockets.processes, "prod"),
    )
    for plural, document in made.documents():
        plane.create(f"{OURS}/{plural}", document)
    yield made
    plane.ask("DELETE", f"{WEBHOOKS}/{made.name}")
    for plural, document in made.documents():
        plane.ask("DELETE", f"{OURS}/{plural}/{document['metadata']['name']}")
    plane.ask("DELETE", f"{OURS}/imagefacts/{name_of(WEB.digest)}")


@pytest.mark.tool("docker-registry")
def test_only_what_was_promoted_is_admitted_and_stays_so_when_its_origin_is_gone(
    world: World, operate: Callable[..., Cocket], tmp_path: Path
) -> None:
    asyncio.run(world.preprod.push("preprod/web", WEB))
    asyncio.run(world.prod.push("prod/web", REBUILT))
    world.answer_by("before")
    origin = f"{world.preprod.host}/preprod/web"

    # Somebody built it once more and pushed it past the pipeline.
    assert f"{origin} does not have this digest" in world.pod(world.by_origin, REBUILT.digest)
    for digest in (REBUILT.digest, WEB.digest):
        said = world.pod(world.by_evidence, digest)
        assert "no evidence is attached to it" in said
        assert f"Promote it: cocket promote {origin}@{digest}" in said

    world.promote(tmp_path)
    world.answer_by("after")
    assert world.pod(world.by_origin, WEB.digest) == ""
    assert world.pod(world.by_evidence, WEB.digest) == ""
    assert world.pod(world.by_evidence, REBUILT.digest) != ""
    world.slip_in(world.by_origin, REBUILT.digest)
    assert world.refusals(world.by_origin) == {
        world.prod.name("prod/web", WEB.digest): [],
        world.prod.name("prod/web", REBUILT.digest): [
            f"it was not promoted: {origin} does not have this digest."
        ],
    }
    operator = operate("operator")
    wait_until(world.recorded, "the promotion is recorded", 60)
    operator.process.stop()

    started = world.cockets.processes.started
    started["preprod"].stop()
    assert world.pod(world.by_origin, WEB.digest) == ""
    # What one replica saw it remembers; what the operator saw, all know.
    started["prod"].stop()
    world.answer_by("later")
    assert world.pod(world.by_origin, WEB.digest) == ""
    assert world.pod(world.by_evidence, WEB.digest) == ""
    assert "could not be checked" in world.pod(world.by_origin, REBUILT.digest)
