"""`cocket serve` without `--policy`: two replicas that read a real API server."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from tests.builders import config, facts
from tests.e2e.cockets import Cockets
from tests.e2e.replicas import OURS, Replicas, policy, review
from tests.e2e.server import wait_until
from webhook.core.recorded import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.cockets import Webhook
    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes

HOST = "registry.invalid"
IMAGE = f"{HOST}/prod/web"
REGISTRY = {
    "apiVersion": "cocket.dev/v1alpha1",
    "kind": "Registry",
    "metadata": {"name": "from-cluster"},
    "spec": {"host": HOST, "environment": "production"},
}


def digest(number: int) -> str:
    return f"sha256:{number:064x}"


class World:
    """Two replicas, asked together: they must say the same."""

    def __init__(self, replicas: Replicas, webhooks: list[Webhook]) -> None:
        self.replicas = replicas
        self.plane = replicas.plane
        self.webhooks = webhooks
        self._made: list[str] = []

    def create(self, document: dict[str, Any]) -> None:
        """Create it, until the end of the test."""
        plural = {"ImagePolicy": "imagepolicies", "ClusterImagePolicy": "clusterimagepolicies"}
        kind = plural.get(document["kind"], document["kind"].lower() + "s")
        namespace = document["metadata"].get("namespace")
        path = f"{OURS}/namespaces/{namespace}/{kind}" if namespace else f"{OURS}/{kind}"
        self.plane.create(path, document)
        self._made.append(f"{path}/{document['metadata']['name']}")

    def clear(self) -> None:
        """Delete what the test created."""
        while self._made:
            self.plane.ask("DELETE", self._made.pop())

    def answers(self, namespace: str, image: str, name: str = "web") -> list[dict[str, Any]]:
        """Of every replica."""
        return [self.replicas.ask(one, namespace, image, name) for one in self.webhooks]

    def agree(self, namespace: str, image: str, *, allowed: bool, seconds: float = 5) -> Any:
        """Wait until all say so; the last answer."""
        said: list[Any] = []

        def all_say() -> bool:
            said[:] = self.answers(namespace, image)
            return all(one["allowed"] is allowed for one in said)

        wait_until(all_say, f"{image} allowed={allowed}", seconds)
        return said[-1]


@pytest.fixture(scope="module")
def pair(plane: ControlPlane, module_processes: Processes) -> World:
    plane.install_crds()
    plane.create(f"{OURS}/registries", REGISTRY)
    namespace = plane.create_namespace("serve-from-cluster")
    replicas = Replicas(plane, Cockets(module_processes), namespace)
    replicas.put_certificate()
    webhooks = [replicas.start(name) for name in ("one", "two")]
    for webhook in webhooks:
        webhook.wait_ready()
    return World(replicas, webhooks)


@pytest.fixture
def world(pair: World) -> Iterator[World]:
    yield pair
    pair.clear()


def test_a_policy_is_in_force_within_a_second_in_both_replicas(
    world: World, namespace: str
) -> None:
    assert all(one["allowed"] for one in world.answers(namespace, f"{IMAGE}:1"))

    # From the API server's answer on: its first object of a kind takes it most of a second.
    world.create(policy("no-tags", [namespace], rules={"digest": {}}))
    began = time.monotonic()
    refused = world.agree(namespace, f"{IMAGE}:1", allowed=False, seconds=1)
    print(f"in force in both after {time.monotonic() - began:.3f} s")  # noqa: T201 - with -s

    assert "is a tag" in refused["status"]["message"]
    said = world.replicas.said
    wait_until(
        lambda: said("one")["policy-version"] == said("two")["policy-version"] != "", "one version"
    )

    world.clear()
    world.agree(namespace, f"{IMAGE}:1", allowed=True, seconds=1)


def test_a_broken_policy_is_named_in_a_warning_and_the_others_stay(
    world: World, namespace: str
) -> None:
    world.create(policy("sound", [namespace], rules={"digest": {}}))
    # The schema lets it through: `Exists` has no values.
    expression = {"key": "team", "operator": "Exists", "values": ["a"]}
    broken = policy("broken", [namespace], rules={"digest": {}})
    broken["spec"]["namespaceSelector"] = {"matchExpressions": [expression]}
    world.create(broken)

    world.agree(namespace, f"{IMAGE}:1", allowed=False)
    pinned = f"{IMAGE}@{digest(1)}"
    wait_until(
        lambda: all(one.get("warnings") for one in world.answers(namespace, pinned)), "a warning"
    )
    for answer in world.answers(namespace, pinned):
        assert answer["allowed"] is True
        [warning] = answer["warnings"]
        assert "ClusterImagePolicy broken" in warning
    for webhook in world.webhooks:
        assert "cocket_policies_broken 1.0" in webhook.get("/metrics")[1]
        assert "ClusterImagePolicy broken is set aside" in webhook.process.said()


def test_a_policy_of_a_namespace_tightens_there_and_loosens_nothing(
    world: World, plane: ControlPlane, namespace: str
) -> None:
    other = plane.create_namespace(f"{namespace}-other")
    world.create(policy("cluster", [namespace, other], rules={"digest": {}}))
    own = policy("own", [], rules={"registry": {"environments": ["production"]}})
    own |= {"kind": "ImagePolicy", "metadata": {"name": "own", "namespace": namespace}}
    del own["spec"]["namespaceSelector"]
    world.create(own)
    elsewhere = f"elsewhere.invalid/web@{digest(2)}"

    refused = world.agree(namespace, elsewhere, allowed=False)
    assert "from no configured registry" in refused["status"]["message"]
    assert all(one["allowed"] for one in world.answers(other, elsewhere))
    # The cluster's policy holds beside it.
    world.agree(namespace, f"{IMAGE}:1", allowed=False)

    mild = {**own, "metadata": {"name": "mild", "namespace": other}}
    mild["spec"] = {"mode": "audit", "rules": {"digest": {}}}
    world.create(mild)
    _settled(world)
    assert not any(one["allowed"] for one in world.answers(other, f"{IMAGE}:1"))


def test_an_exception_holds_until_it_expires_and_only_from_our_namespaces(
    world: World, namespace: str
) -> None:
    world.create(policy("strict", [namespace], rules={"digest": {}}))
    world.agree(namespace, f"{IMAGE}:1", allowed=False)

    def exception(where: str, seconds: float) -> dict[str, Any]:
        expires = datetime.now(UTC) + timedelta(seconds=seconds)
        return {
            "apiVersion": "cocket.dev/v1alpha1",
            "kind": "ImageException",
            "metadata": {"name": "hotfix", "namespace": where},
            "spec": {
                "rules": ["digest"],
                "namespaces": [namespace],
                "image": IMAGE,
                "reason": "tonight's release",
                "expires": f"{expires:%Y-%m-%dT%H:%M:%SZ}",
            },
        }

    world.create(exception(namespace, 60))
    _settled(world)
    assert not any(one["allowed"] for one in world.answers(namespace, f"{IMAGE}:1"))

    world.create(exception(world.replicas.namespace, 4))
    answer = world.agree(namespace, f"{IMAGE}:1", allowed=True)
    assert "tonight's release" in answer["warnings"][0]
    world.agree(namespace, f"{IMAGE}:1", allowed=False, seconds=8)


def test_a_recorded_digest_is_judged_by_a_replica_that_never_asked_a_registry(
    world: World, namespace: str
) -> None:
    world.create(policy("facts", [namespace], rules={"provenance": {}, "init": {}}))
    good, bad, unheard = digest(10), digest(11), digest(12)
    unknown = world.agree(namespace, f"{IMAGE}@{good}", allowed=False)
    assert "unreachable" in unknown["auditAnnotations"]["unknown"]

    world.replicas.record(facts(config(), digest=good))
    world.replicas.record(facts(config(labels={}), digest=bad))

    world.agree(namespace, f"{IMAGE}@{good}", allowed=True)
    refused = world.agree(namespace, f"{IMAGE}@{bad}", allowed=False)
    assert "org.opencontainers.image.revision" in refused["status"]["message"]
    world.agree(namespace, f"{IMAGE}@{unheard}", allowed=False)
    # Nobody may speak for another digest: the name is what the record is about.
    status, text = world.plane.ask(
        "PATCH",
        f"{OURS}/imagefacts/{name_of(bad)}",
        {"spec": {"digest": good}},
        content_type="application/merge-patch+json",
    )
    assert status in {200, 422}, text
    _settled(world)
    assert not any(one["allowed"] for one in world.answers(namespace, f"{IMAGE}@{bad}"))
    for name in (good, bad):
        world.plane.ask("DELETE", f"{OURS}/imagefacts/{name_of(name)}")


def test_labels_of_a_namespace_decide_as_soon_as_they_change(
    world: World, plane: ControlPlane, namespace: str
) -> None:
    document = policy("by-label", [], rules={"digest": {}})
    document["spec"]["namespaceSelector"] = {"matchLabels": {"tier": "prod"}}
    world.create(document)
    _settled(world)
    assert all(one["allowed"] for one in world.answers(namespace, f"{IMAGE}:1"))

    labels = {"metadata": {"labels": {"tier": "prod"}}}
    merge = "application/merge-patch+json"
    plane.ask("PATCH", f"/api/v1/namespaces/{namespace}", labels, content_type=merge)

    world.agree(namespace, f"{IMAGE}:1", allowed=False, seconds=2)
    # One that nobody knows is covered by every policy.
    assert not any(one["allowed"] for one in world.answers("not-there", f"{IMAGE}:1"))


async def test_certificates_change_under_load_without_a_failed_request(
    world: World, namespace: str
) -> None:
    body = msgspec.json.encode(review(namespace, f"{IMAGE}@{digest(1)}"))
    failures: list[BaseException] = []
    answers = 0

    async def ask(webhook: Webhook, *, fresh: bool) -> None:
        nonlocal answers
        connector = aiohttp.TCPConnector(ssl=world.replicas.trust, force_close=fresh)
        async with aiohttp.ClientSession(connector=connector) as client:
            while True:
                try:
                    async with client.post(webhook.url, data=body) as answer:
                        assert b'"allowed":true' in await answer.read()
                    answers += 1
                except (aiohttp.ClientError, AssertionError, OSError) as error:
                    failures.append(error)
                await asyncio.sleep(0.005)

    tasks = [
        asyncio.create_task(ask(webhook, fresh=fresh))
        for webhook in world.webhooks
        for fresh in (True, False)
    ]
    try:
        for number in range(4):
            if number == 2:
                await asyncio.to_thread(world.replicas.put_secret, {"tls.crt": b"garbage"})
                await _until(lambda: "tls: certificate and key" in _said(world), "a complaint")
            issued = await asyncio.to_thread(world.replicas.put_certificate)
            leaf = x509.load_pem_x509_certificates(issued.pair.chain)[0]
            shown = leaf.fingerprint(SHA256()).hex()
            await _until(partial(_both_say, world, "cert-sha256", shown), "its fingerprint")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    assert failures == []
    assert answers > 100


def test_without_the_api_server_verdicts_go_on_and_say_how_old_they_are(
    world: World, plane: ControlPlane, namespace: str
) -> None:
    world.create(policy("lasting", [namespace], rules={"digest": {}}))
    world.agree(namespace, f"{IMAGE}:1", allowed=False)

    plane.processes.started["kube-apiserver"].kill()
    try:
        for webhook in world.webhooks:
            wait_until(partial(_says, webhook, "not followed for"), "trouble")
            status, text = webhook.get("/readyz?verbose")
            assert status == 200
            assert "[+]policies ok, but not followed for" in text
            assert text.endswith("readyz check passed\n")
            assert webhook.get("/readyz") == (200, "ok\n")
            assert webhook.get("/livez")[0] == 200
            assert 'cocket_cluster_failing{kind="policies"} 1.0' in webhook.get("/metrics")[1]
        assert not any(one["allowed"] for one in world.answers(namespace, f"{IMAGE}:1"))
        assert all(one["allowed"] for one in world.answers(namespace, f"{IMAGE}@{digest(1)}"))
    finally:
        plane.start_apiserver()

    world.clear()
    world.agree(namespace, f"{IMAGE}:1", allowed=True, seconds=30)
    for webhook in world.webhooks:
        wait_until(partial(_says, webhook, ", but", yes=False), "all well")


def test_a_replica_waits_for_its_secret_says_so_and_leaves_nothing_behind(world: World) -> None:
    replicas = world.replicas
    webhook = replicas.start("three", secret=f"{replicas.namespace}/later", drain="2")
    waits = f"[-]certificate not there yet: Secret {replicas.namespace}/later"
    webhook.process.wait_until(lambda: waits in _verbose(webhook), "waiting")
    webhook.process.wait_until(lambda: "[+]facts ok" in _verbose(webhook), "synced")
    status, text = webhook.get("/readyz?verbose")
    assert (status, text.splitlines()[-1]) == (503, "readyz check failed")
    assert webhook.get("/livez")[0] == 200
    with pytest.raises(ConnectionRefusedError):
        replicas.ask(webhook, "any", IMAGE)
    wait_until(lambda: replicas.said("three").get("ready") == "false", "a Lease")
    assert replicas.said("three")["cert-sha256"] == ""

    replicas.put_certificate(name="later")
    webhook.wait_ready(5)
    wait_until(lambda: replicas.said("three")["ready"] == "true", "a Lease that says ready", 2)
    said = replicas.said("three")
    assert said["address"] == "127.0.0.1:8443"
    assert len(said["cert-sha256"]) == 64
    lease = replicas.lease("three")
    assert lease is not None
    assert lease["spec"]["leaseDurationSeconds"] == 30
    assert lease["metadata"]["labels"]["app.kubernetes.io/component"] == "webhook"

    webhook.process.signal(15)
    wait_until(lambda: replicas.said("three").get("ready") == "false", "a Lease that says so", 1)
    assert replicas.ask(webhook, "any", f"{IMAGE}@{digest(1)}")["allowed"] is True
    assert webhook.process.wait() == 0
    assert replicas.lease("three") is None


def test_a_replica_that_is_asked_to_end_while_it_waits_ends(world: World) -> None:
    replicas = world.replicas
    webhook = replicas.start("four", secret=f"{replicas.namespace}/never")
    webhook.process.wait_until(lambda: "[-]certificate" in _verbose(webhook), "waiting")
    assert webhook.process.stop() == 0
    assert replicas.lease("four") is None


def _settled(world: World) -> None:
    """Wait until both replicas have seen what was written before."""
    name = f"marker-{time.monotonic_ns()}"
    marker = world.plane.create_namespace(name)
    tag = f"{IMAGE}:marker"
    world.create(policy(name, [marker], rules={"digest": {}}))
    world.agree(marker, tag, allowed=False)


def _verbose(webhook: Webhook) -> str:
    try:
        return webhook.get("/readyz?verbose")[1]
    except OSError:
        return ""


def _says(webhook: Webhook, words: str, *, yes: bool = True) -> bool:
    return (words in _verbose(webhook)) is yes


def _both_say(world: World, annotation: str, value: str) -> bool:
    return all(world.replicas.said(name)[annotation] == value for name in ("one", "two"))


def _said(world: World) -> str:
    return world.webhooks[0].process.said()


async def _until(true: Callable[[], bool], what: str) -> None:
    await asyncio.to_thread(wait_until, true, what)
