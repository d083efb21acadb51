"""All of it together: what the operator tells, what the replicas refuse, and what is down."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.registries import start_registry
from tests.e2e.replicas import policy
from tests.e2e.server import wait_until
from tests.e2e.system import EXCEPTIONS, System, running
from tests.e2e.system_view import CONFIGURATION
from webhook.demo.reviews import pod
from webhook.demo.samples import GOOD, TAG, samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Processes

pytestmark = pytest.mark.tool("docker-registry")

USED, UNHEARD = "prod/unknown-date", "prod/shell-form"


@pytest.fixture(scope="module")
def whole(plane: ControlPlane, module_processes: Processes) -> Iterator[System]:
    with running(plane, module_processes) as system:
        system.begin()
        yield system


@pytest.fixture
def system(whole: System) -> Iterator[System]:
    yield whole
    whole.clear()


def image(system: System, repository: str = "prod/web") -> str:
    """One of the demo's, by its digest."""
    return next(
        str(one.pod["spec"]["containers"][0]["image"])
        for one in samples(system.host)
        if f"/{repository}@" in one.pod["spec"]["containers"][0]["image"]
    )


def enforced(system: System, namespace: str, **spec: Any) -> None:
    """A policy for the namespace, which both replicas follow."""
    system.create(policy(f"for-{namespace}", [namespace], **{"rules": system.rules, **spec}))
    tagged = f"{system.host}/prod/web:{TAG}"
    if spec.get("mode", "enforce") == "enforce" and "digest" in spec.get("rules", system.rules):
        agree(system, namespace, tagged, allowed=False)


def agree(
    system: System, namespace: str, image: str, *, allowed: bool, seconds: float = 5
) -> dict[str, Any]:
    """Wait until every replica says so; the last answers by name."""
    said: dict[str, Any] = {}

    def all_say() -> bool:
        said.update(system.answers(namespace, image))
        return all(one["allowed"] is allowed for one in said.values())

    wait_until(all_say, f"{image} allowed={allowed}", seconds)
    return said


def learned(system: System, digest: str) -> dict[str, Any]:
    """Facts of a digest in use, once the operator has them."""
    wait_until(lambda: bool(system.facts(digest).get("spec", {}).get("platforms")), digest)
    return system.facts(digest)


def test_the_operator_tells_which_commit_runs(system: System, namespace: str) -> None:
    done = system.kubectl_create(pod("web", image(system)), namespace)
    assert (done.returncode, done.stderr) == (0, "")

    learned(system, GOOD.digest)

    wait_until(lambda: bool(system.facts(GOOD.digest).get("status", {}).get("usedBy")), "users")
    table = system.plane.kubectl("get", "imagefacts").stdout
    header, *lines = table.splitlines()
    assert re.split(r" {2,}", header.strip()) == [
        *("NAME", "IMAGE", "COMMIT", "SOURCE", "BUILT"),
        *("PID 1", "REGISTRIES", "USED BY", "AGE"),
    ], table
    [line] = [one for one in lines if one.startswith(GOOD.digest.replace(":", "-"))]
    for said in (
        f"{system.host}/prod/web",
        "4f9d6c1e2b3a4958677a8b9c0d1e2f3a4b5c6d7e",
        "https://github.com/acme/web",
        "2026-11-20T08:00:00Z",
        "init tini: /sbin/tini -- node server.js",
    ):
        assert said in line, table
    assert re.split(r" {2,}", line)[-2] == "1", table


@pytest.mark.parametrize("name", [one.name for one in samples("registry.test")])
def test_the_operators_own_configuration_refuses_and_admits(
    system: System, namespace: str, name: str
) -> None:
    enforced(system, namespace)
    [sample] = [one for one in samples(system.host) if one.name == name]

    done = system.kubectl_create(sample.pod, namespace)

    assert (done.returncode == 0) == (sample.decision != "denied"), done.stderr
    assert sample.says in done.stderr
    if sample.decision == "denied":
        assert "Error from server (Forbidden)" in done.stderr
        assert f"cocket refused Pod {namespace}/{name}:" in done.stderr


def test_our_own_namespace_and_that_of_the_system_are_not_asked_about(
    system: System, namespace: str
) -> None:
    everywhere = policy("everywhere", [], rules={"digest": {}})
    del everywhere["spec"]["namespaceSelector"]
    system.create(everywhere)
    agree(system, namespace, "a.invalid/web:1", allowed=False)
    for free in ("cocket-system", "kube-system"):
        done = system.plane.kubectl(
            *("--namespace", free, "run", "free", "--image=a.invalid/web:1"),
            *("--restart=Never", "--dry-run=server"),
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_a_policy_is_in_force_in_both_replicas_within_a_second(
    system: System, namespace: str, record_property: Callable[[str, object], None]
) -> None:
    tagged = f"{system.host}/prod/web:{TAG}"
    agree(system, namespace, tagged, allowed=True)

    began = time.monotonic()
    system.create(policy("soon", [namespace], rules={"digest": {}}))
    agree(system, namespace, tagged, allowed=False, seconds=1)
    record_property("seconds", time.monotonic() - began)

    system.clear()
    agree(system, namespace, tagged, allowed=True, seconds=1)


def test_an_exception_works_until_it_expires(system: System, namespace: str) -> None:
    enforced(system, namespace)
    repository = f"{system.host}/prod/web"
    manifest = pod("hotfix", f"{repository}:{TAG}")
    expires = datetime.now(UTC) + timedelta(seconds=6)
    system.create(
        {
            "apiVersion": "cocket.dev/v1alpha1",
            "kind": "ImageException",
            "metadata": {"name": namespace, "namespace": EXCEPTIONS},
            "spec": {
                "rules": ["digest"],
                "namespaces": [namespace],
                "image": repository,
                "reason": "tonight's release",
                "expires": f"{expires:%Y-%m-%dT%H:%M:%SZ}",
            },
        }
    )
    agree(system, namespace, f"{repository}:{TAG}", allowed=True)
    done = system.kubectl_create(manifest, namespace)
    assert done.returncode == 0, done.stderr
    assert f"let through by exception …/{namespace} until " in done.stderr

    agree(system, namespace, f"{repository}:{TAG}", allowed=False, seconds=10)
    assert datetime.now(UTC) > expires - timedelta(seconds=1)
    again = system.kubectl_create(pod("late", f"{repository}:{TAG}"), namespace)
    assert "cocket refused Pod" in again.stderr


def test_a_broken_policy_is_named_and_the_others_stay_in_force(
    system: System, namespace: str
) -> None:
    enforced(system, namespace)
    broken = policy("broken", [namespace], rules={"digest": {}})
    # The schema lets it through: `Exists` has no values.
    expression = {"key": "team", "operator": "Exists", "values": ["a"]}
    broken["spec"]["namespaceSelector"] = {"matchExpressions": [expression]}
    system.create(broken)
    good = image(system)
    wait_until(
        lambda: all(one.get("warnings") for one in system.answers(namespace, good).values()),
        "a warning",
    )

    done = system.kubectl_create(pod("web", good), namespace)
    assert done.returncode == 0
    assert "ClusterImagePolicy broken" in done.stderr
    refused = system.kubectl_create(pod("bad", f"{system.host}/prod/web:{TAG}"), namespace)
    assert "cocket refused Pod" in refused.stderr


def test_rule_stop_counts_the_time_that_is_left(system: System, namespace: str) -> None:
    """And an UPDATE that takes time away is judged like a new object; another one is not."""
    enforced(system, namespace, rules={"digest": {}, "stop": {"minGraceSeconds": 5}})
    for slept, said in ((28, "28 of its 30 seconds, which leaves 2 to stop"), (20, "")):
        one = pod("web", image(system))
        hook = {"exec": {"command": ["sleep", str(slept)]}}
        one["spec"]["containers"][0]["lifecycle"] = {"preStop": hook}
        done = system.kubectl_create(one, namespace)
        assert ((done.returncode == 0), said in done.stderr) == (not said, True), done.stderr

    kubectl, place = system.plane.kubectl, ("-n", namespace)
    made = kubectl("create", "deployment", "web", *place, f"--image={image(system)}")
    assert (made.returncode, made.stderr) == (0, "")
    for template, said in (
        ('{"spec": {"terminationGracePeriodSeconds": 0}}', "gives it no time to stop"),
        ('{"metadata": {"labels": {"more": "yes"}}}', ""),
    ):
        patch = f'{{"spec": {{"template": {template}}}}}'
        done = kubectl("patch", "deployment/web", *place, "-p", patch)
        assert ((done.returncode == 0), said in done.stderr) == (not said, True), done.stderr


def test_without_a_registry_what_is_known_goes_on(system: System, namespace: str) -> None:
    """And what is not known goes as `onUnknown` says."""
    known = image(system)
    system.kubectl_create(pod("runs", known), namespace)
    learned(system, GOOD.digest)
    plane = system.plane
    rules: dict[str, Any] = {"provenance": {}, "init": {}}
    places = {
        word: plane.create_namespace(f"{namespace}-{word.lower()}")
        for word in ("deny", "warn", "allowKnown")
    }
    for word, place in places.items():
        system.create(policy(place, [place], rules=rules, onUnknown=word))
    port, before = int(system.host.rpartition(":")[2]), list(system.replicas)
    system.processes.started["registry"].kill()
    try:
        # Nobody could look at it, and it is known to be in use: it was there before.
        used = image(system, USED)
        assert system.kubectl_create(pod("used", used), namespace).returncode == 0
        wait_until(lambda: bool(system.facts(used.partition("@")[2])), "it is in use")
        # The only one from now on has seen no registry, and nothing is in its memory.
        system.start_replica("late").wait_ready()
        system.stop_replicas(*before)
        _judge_without_registry(system, places, known=known, used=used)
    finally:
        start_registry(system.processes, "registry", port)
        for name in before:
            system.start_replica(name)
        system.balancer.wait_ready(3)
        system.stop_replicas("late")


def _judge_without_registry(
    system: System, places: dict[str, str], *, known: str, used: str
) -> None:
    unheard = image(system, UNHEARD)
    for place in places.values():
        done = system.kubectl_create(pod("known", known), place)
        assert (done.returncode, done.stderr) == (0, ""), place
    for word, wanted, allowed in (
        ("deny", unheard, False),
        ("allowKnown", unheard, False),
        ("warn", unheard, True),
        ("deny", used, False),
        ("allowKnown", used, True),
    ):
        name = "used" if wanted == used else "unheard"
        done = system.kubectl_create(pod(name, wanted), places[word])
        assert (done.returncode == 0) is allowed, f"{word} {name}: {done.stderr}"
        assert ("Warning: cocket" in done.stderr) is allowed
        assert "unreachable" in done.stderr


def test_without_replicas_nothing_gets_in_and_a_restart_is_all_it_takes(
    system: System, namespace: str
) -> None:
    before = system.webhook()
    names = list(system.replicas)
    system.stop_replicas(*names)
    system.balancer.wait_ready(0)

    done = system.kubectl_create(pod("nobody", image(system)), namespace)

    assert done.returncode == 1
    assert "failed calling webhook" in done.stderr
    time.sleep(3)  # several rounds of the operator, which must change nothing
    assert system.webhook() == before
    for name in names:
        system.start_replica(name)
    system.balancer.wait_ready(2)
    assert system.kubectl_create(pod("web", image(system)), namespace).returncode == 0
    assert system.plane.get(CONFIGURATION)["webhooks"] == [before]
