"""A real API server asks `cocket serve --policy`, and kubectl shows what comes of it."""

from __future__ import annotations

import asyncio
import copy
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from tests.e2e.audit_log import noted
from tests.e2e.cockets import Cockets, Webhook
from tests.e2e.registration import WEBHOOK, webhook_configuration
from tests.e2e.registries import push_all, start_registry
from webhook.demo.content import Content
from webhook.demo.reviews import pod
from webhook.demo.samples import GOOD, TAG, Sample, fill, policy, samples

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes
    from tests.servers import RealRegistry

pytestmark = pytest.mark.tool("docker-registry")

SAMPLES = [sample.name for sample in samples("registry.test")]

PLACES: dict[str, tuple[str, str, Callable[[dict[str, Any], str], object]]] = {
    # what the message calls it: the first server that has it, and how to put an image there
    'container "second"': (
        "1.0",
        "Pods",
        lambda spec, image: spec["containers"].append({"name": "second", "image": image}),
    ),
    'init container "first"': (
        "1.0",
        "Pods",
        lambda spec, image: spec.update(initContainers=[{"name": "first", "image": image}]),
    ),
    'sidecar "beside"': (
        "1.29",
        "sidecars (restartPolicy of an init container)",
        lambda spec, image: spec.update(
            initContainers=[{"name": "beside", "image": image, "restartPolicy": "Always"}]
        ),
    ),
    'image volume "model"': (
        "1.36",
        "image volumes",
        lambda spec, image: spec.update(volumes=[{"name": "model", "image": {"reference": image}}]),
    ),
}

SELECTOR = {"matchLabels": {"app": "web"}}
KINDS: dict[str, dict[str, Any]] = {
    "apps/v1 Deployment": {"selector": SELECTOR},
    "apps/v1 ReplicaSet": {"selector": SELECTOR},
    "apps/v1 StatefulSet": {"selector": SELECTOR, "serviceName": "web"},
    "apps/v1 DaemonSet": {"selector": SELECTOR},
    "v1 ReplicationController": {"selector": {"app": "web"}},
    "batch/v1 Job": {},
    "batch/v1 CronJob": {"schedule": "0 5 * * *"},
    "batch/v1beta1 CronJob": {"schedule": "0 5 * * *"},
    "v1 PodTemplate": {},
}

OTHERWISE = {
    "terminationGracePeriodSeconds": 60,
    "nodeSelector": {"kubernetes.io/os": "linux"},
    "volumes": [{"name": "data", "emptyDir": {}}],
    "containers": [{"name": "app", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}],
}
"""What a rule that judges an image by its name and labels does not read."""


class Shop(msgspec.Struct):
    """A namespace in which everything is refused that the demo's policy refuses."""

    plane: ControlPlane
    registry: RealRegistry
    webhook: Webhook
    namespace: str

    @property
    def good(self) -> str:
        return self.registry.name("prod/web", GOOD.digest)

    @property
    def tagged(self) -> str:
        return self.registry.name("prod/web", TAG)

    def register(self, namespace: str) -> None:
        """From now on, reviews of the namespace are asked for."""
        self.plane.apply(
            webhook_configuration(namespace, self.webhook.url, self.webhook.ca_pem, [namespace])
        )

    def create(self, manifest: dict[str, Any], *options: str) -> subprocess.CompletedProcess[str]:
        """`kubectl create` in the namespace."""
        placed = copy.deepcopy(manifest)
        placed["metadata"]["namespace"] = self.namespace
        return self.plane.kubectl("create", "-f", "-", *options, given=json.dumps(placed))


@pytest.fixture(scope="module")
def shop(plane: ControlPlane, module_processes: Processes) -> Shop:
    registry = start_registry(module_processes)
    content = Content()
    fill(content)
    asyncio.run(push_all(registry, content))
    file = module_processes.folder / "policy.yaml"
    file.write_text(policy(registry.host), encoding="utf-8")
    webhook = Cockets(module_processes).serve_files("webhook", file)
    shop = Shop(plane, registry, webhook, plane.create_namespace("shop"))
    shop.register("shop")
    return shop


def manifest(kind: str, image: str) -> dict[str, Any]:
    """An object of the kind whose Pods run the image."""
    version, _, name = kind.partition(" ")
    restart = {"restartPolicy": "Never"} if name in {"Job", "CronJob"} else {}
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "app", "image": image}], **restart},
    }
    described: dict[str, Any] = {
        "apiVersion": version,
        "kind": name,
        "metadata": {"name": f"{name.lower()}-{version.replace('/', '-')}"},
    }
    if name == "PodTemplate":
        return described | {"template": template}
    if name == "CronJob":
        return described | {"spec": KINDS[kind] | {"jobTemplate": {"spec": {"template": template}}}}
    return described | {"spec": KINDS[kind] | {"template": template}}


@pytest.mark.parametrize("index", range(len(SAMPLES)), ids=SAMPLES)
def test_each_rule_refuses_and_admits(shop: Shop, index: int) -> None:
    sample: Sample = samples(shop.registry.host)[index]
    done = shop.create(sample.pod)
    assert (done.returncode == 0) == (sample.decision != "denied"), done.stderr
    assert sample.says in done.stderr
    match sample.decision:
        case "allowed":
            assert done.stderr == ""
        case "warned":
            assert done.stderr.startswith("Warning: cocket: ")
        case "denied":
            assert done.stderr.startswith("Error from server")
            assert f"cocket refused Pod shop/{sample.name}:\n" in done.stderr
    told = noted(shop.plane.audit_log, WEBHOOK, "shop", sample.name)
    assert told["decision"] == sample.decision
    assert told.get("rules", "") == sample.rule


def test_a_refusal_is_shown_whole(shop: Shop) -> None:
    done = shop.create(pod("shown", shop.tagged))
    digest, short = GOOD.digest, f"{GOOD.digest[:19]}…"
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        'Error from server (Forbidden): error when creating "STDIN": admission webhook '
        '"validate.cocket.dev" denied the request: cocket refused Pod shop/shown:\n'
        f'  container "app": {shop.tagged} is a tag, and tags move. It points to {short} now: '
        f"use {shop.tagged}@{digest}\n"
    )


def test_a_dry_run_gets_the_same_verdict(shop: Shop) -> None:
    refused = shop.create(pod("dry", shop.tagged), "--dry-run=server")
    assert refused.returncode == 1
    assert "cocket refused Pod shop/dry:" in refused.stderr
    assert shop.create(pod("dry", shop.good), "--dry-run=server").returncode == 0


def test_a_namespace_that_is_not_asked_about_is_left_alone(shop: Shop, namespace: str) -> None:
    manifest = json.dumps(pod("free", shop.tagged, namespace=namespace))
    done = shop.plane.kubectl("create", "-f", "-", given=manifest)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("place", PLACES)
def test_an_image_cannot_hide(shop: Shop, place: str) -> None:
    version, what, put = PLACES[place]
    shop.plane.require(version, what)
    name = place.split('"')[1]
    bad, fine = pod(f"bad-{name}", shop.good), pod(f"fine-{name}", shop.good)
    put(bad["spec"], shop.tagged)
    put(fine["spec"], shop.good)
    refused = shop.create(bad)
    assert refused.returncode == 1
    assert f"  {place}: {shop.tagged} is a tag" in refused.stderr
    admitted = shop.create(fine)
    assert admitted.returncode == 0, admitted.stderr


@pytest.mark.needs_server("1.25", "ephemeral containers as Pods have them today")
def test_an_image_cannot_hide_in_an_ephemeral_container(shop: Shop) -> None:
    assert shop.create(pod("debugged", shop.good)).returncode == 0
    path = "/api/v1/namespaces/shop/pods/debugged/ephemeralcontainers"

    def debug(image: str) -> tuple[int, str]:
        body = {"spec": {"ephemeralContainers": [{"name": "debug", "image": image}]}}
        kind = "application/strategic-merge-patch+json"
        return shop.plane.ask("PATCH", path, body, content_type=kind)

    status, text = debug(shop.tagged)
    assert status == 403
    assert f'ephemeral container "debug": {shop.tagged} is a tag' in json.loads(text)["message"]
    assert debug(shop.good)[0] == 200


@pytest.mark.parametrize("kind", KINDS)
def test_each_workload_kind_gets_its_verdict(shop: Shop, kind: str) -> None:
    if kind == "batch/v1 CronJob":
        shop.plane.require("1.21", kind)
    if kind == "batch/v1beta1 CronJob":
        shop.plane.require_before("1.25", kind)
    bad, fine = manifest(kind, shop.tagged), manifest(kind, shop.good)
    refused = shop.create(bad)
    assert refused.returncode == 1
    assert f"cocket refused {bad['kind']} shop/{bad['metadata']['name']}:" in refused.stderr
    admitted = shop.create(fine)
    assert admitted.returncode == 0, admitted.stderr


def test_what_runs_already_is_warned_of_and_can_be_worked_with(shop: Shop, namespace: str) -> None:
    def kubectl(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
        return shop.plane.kubectl("--namespace", namespace, *arguments, given=given)

    deployment = manifest("apps/v1 Deployment", shop.tagged)
    name = f"deployment/{deployment['metadata']['name']}"
    for before in (pod("old", shop.tagged, namespace=namespace), deployment):
        assert kubectl("create", "-f", "-", given=json.dumps(before)).returncode == 0
    shop.register(namespace)

    warning = f'Warning: cocket: container "app": {shop.tagged} is a tag, and tags move.'
    for arguments in (
        ("label", "pod/old", "seen=yes"),
        ("annotate", "pod/old", "seen=yes"),
        ("patch", "pod/old", "--patch", '{"metadata": {"finalizers": ["e2e.cocket.dev/held"]}}'),
        ("patch", "pod/old", "--patch", '{"metadata": {"finalizers": null}}'),
        ("annotate", name, "seen=yes"),
        ("patch", name, "--patch", json.dumps({"spec": {"template": {"spec": OTHERWISE}}})),
    ):
        done = kubectl(*arguments)
        assert done.returncode == 0, done.stderr
        assert done.stderr.startswith(warning)
    assert kubectl("scale", name, "--replicas=3").returncode == 0

    worse = kubectl("set", "image", "pod/old", f"app={shop.registry.host}/prod/web:2.0")
    assert worse.returncode == 1
    assert f"cocket refused Pod {namespace}/old:" in worse.stderr
    better = kubectl("set", "image", "pod/old", f"app={shop.good}")
    assert (better.returncode, better.stderr) == (0, "")
    assert kubectl("set", "image", name, f"app={shop.registry.host}/prod/web:2.0").returncode == 1
    assert kubectl("set", "image", name, f"app={shop.good}").returncode == 0
    assert kubectl("delete", "pod/old", "--grace-period=0", "--force").returncode == 0
