"""What happens to all of it when a part is killed, stopped, lost or changed by hand."""

from __future__ import annotations

import asyncio
import signal
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.audit_log import written
from tests.e2e.replicas import policy
from tests.e2e.server import wait_until
from tests.e2e.system import System, account, running
from tests.e2e.system_changes import begin_rotation, enforce, under_load
from tests.e2e.system_view import CONFIGURATION, LEASES
from webhook.demo.reviews import pod
from webhook.demo.samples import TAG, samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.control_plane import ControlPlane
    from tests.e2e.processes import Process, Processes

pytestmark = pytest.mark.tool("docker-registry")

REPAIRED_SECONDS = 5.0


@pytest.fixture(scope="module")
def whole(plane: ControlPlane, module_processes: Processes) -> Iterator[System]:
    with running(plane, module_processes) as system:
        system.begin()
        yield system


@pytest.fixture
def system(whole: System) -> Iterator[System]:
    yield whole
    whole.clear()


def image(system: System, repository: str) -> str:
    """One of the demo's, by its digest."""
    names = (str(one.pod["spec"]["containers"][0]["image"]) for one in samples(system.host))
    return next(name for name in names if f"/{repository}@" in name)


def mended(system: System, before: dict[str, Any], what: str) -> float:
    """Wait until the webhook is as it was; the seconds that it took."""
    began = time.monotonic()
    wait_until(lambda: system.webhook() == before, what, REPAIRED_SECONDS)
    return time.monotonic() - began


async def test_an_operator_that_is_killed_at_every_step_of_a_rotation_fails_no_call(
    system: System, namespace: str, record_property: Callable[[str, object], None]
) -> None:
    await asyncio.to_thread(enforce, system, namespace)
    done = asyncio.Event()
    judging = asyncio.create_task(
        under_load(system, namespace, count=10_000, per_second=20, stop=done)
    )
    old = await asyncio.to_thread(begin_rotation, system)
    try:
        await asyncio.to_thread(_kill_at_every_step, system, old)
    finally:
        done.set()
        judged = await judging

    record_property("load", judged.figures)
    judged.assert_flawless()


def _kill_at_every_step(system: System, old: bytes) -> None:
    for step, reached in (
        ("a new CA is stored", lambda: system.stored().pending is not None),
        ("both are published", lambda: len(system.bundle()) == 2),
        ("the new one is served", lambda: system.stored().serving is not None),
        ("the old one goes", lambda: len(system.stored().bundle) == 1),
        ("it is gone", lambda: old not in system.bundle()),
    ):
        wait_until(reached, step, 60)
        system.operators["operator-1"].process.kill()
        system.start_operator("operator-1")
    wait_until(system.settled, "at rest", 60)
    system.wait_leading("operator-1")


@pytest.mark.parametrize(
    "change",
    [
        [{"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Ignore"}],
        [{"op": "remove", "path": "/webhooks/0/clientConfig/caBundle"}],
        [{"op": "remove", "path": "/webhooks/0/rules/0"}],
        [
            {
                "op": "replace",
                "path": "/webhooks/0/objectSelector",
                "value": {"matchLabels": {"only": "this"}},
            }
        ],
        [{"op": "replace", "path": "/webhooks", "value": []}],
    ],
    ids=["opened", "without a CA", "without rules", "narrowed", "empty"],
)
def test_a_configuration_that_is_edited_is_repaired(
    system: System, change: list[dict[str, Any]], record_property: Callable[[str, object], None]
) -> None:
    wait_until(system.settled, "at rest")
    before = system.webhook()

    kind = "application/json-patch+json"
    status, text = system.plane.ask("PATCH", CONFIGURATION, change, content_type=kind)

    assert status == 200, text
    record_property("seconds", mended(system, before, "repaired"))


def test_a_configuration_that_is_deleted_comes_back_as_it_was(
    system: System, record_property: Callable[[str, object], None]
) -> None:
    wait_until(system.settled, "at rest")
    before = system.webhook()
    assert before["failurePolicy"] == "Fail"

    assert system.plane.ask("DELETE", CONFIGURATION)[0] == 200

    record_property("seconds", mended(system, before, "there again"))


@pytest.mark.parametrize("victim", ["kube-apiserver", "etcd"])
def test_without_the_cluster_replicas_answer_and_afterwards_all_goes_on(
    system: System, namespace: str, victim: str
) -> None:
    enforce(system, namespace)
    tagged = f"{system.host}/prod/web:{TAG}"
    trust = system.trust()
    before = system.webhook()

    system.plane.processes.started[victim].kill()
    for name in system.replicas:
        assert not system.ask(name, namespace, tagged, trust)["allowed"]
        assert system.ask(name, namespace, image(system, "prod/web"), trust)["allowed"]
    if victim == "etcd":
        system.plane.restart_etcd()
    else:
        system.plane.start_apiserver()

    system.clear()
    wait_until(
        lambda: all(one["allowed"] for one in system.answers(namespace, tagged).values()),
        "replicas follow again",
    )
    # As the kubelet would: one that had to give up its Lease has ended.
    for name, operator in list(system.operators.items()):
        if not operator.process.running:
            assert operator.process.kill() == 1, operator.process.tail()
            system.start_operator(name)
    repository = {"kube-apiserver": "prod/shell-form", "etcd": "prod/no-init"}[victim]
    used = image(system, repository)
    assert system.kubectl_create(pod("after", used), namespace).returncode == 0
    digest = used.partition("@")[2]
    wait_until(lambda: bool(system.facts(digest).get("spec", {}).get("platforms")), "facts", 60)
    assert system.webhook() == before


async def test_a_replica_that_hangs_gets_nothing_new_and_nothing_slips(
    system: System, namespace: str, record_property: Callable[[str, object], None]
) -> None:
    await asyncio.to_thread(enforce, system, namespace)
    done = asyncio.Event()
    judging = asyncio.create_task(
        under_load(system, namespace, count=300, per_second=20, stop=done)
    )
    hanging = await asyncio.to_thread(_busiest, system)
    hanging.signal(signal.SIGSTOP)
    try:
        await asyncio.to_thread(system.balancer.wait_ready, 1)
        judged = await judging
    finally:
        hanging.signal(signal.SIGCONT)
        await asyncio.to_thread(system.balancer.wait_ready, 2)

    record_property("load", judged.figures)
    judged.assert_nothing_got_in()
    # Those on connections that the API server had to the one that hangs, until it gives them up.
    assert 0 < len(judged.load.failed) < 100, judged.figures
    again = await under_load(system, namespace, count=40, per_second=20, stop=asyncio.Event())
    again.assert_flawless()


def _busiest(system: System) -> Process:
    """The replica that the API server asks now: it is the one to hang."""
    before = {name: len(one.process.printed()) for name, one in system.replicas.items()}

    def grown(name: str) -> int:
        return len(system.replicas[name].process.printed()) - before[name]

    wait_until(lambda: max(map(grown, before)) > 5000, "reviews")
    return system.replicas[max(before, key=grown)].process


def test_who_lost_the_lease_writes_nothing_more(system: System, namespace: str) -> None:
    second = account("operator-2")
    _bind_as_well(system.plane, second)
    stopped = system.operators["operator-1"].process
    system.start_operator("operator-2", second).wait_ready()
    assert system.holder() == "operator-1"
    used = image(system, "prod/script")

    stopped.signal(signal.SIGSTOP)
    try:
        wait_until(lambda: system.holder() == "operator-2", "the other one leads", 40)
        created = system.kubectl_create(pod("meanwhile", used), namespace)
        assert created.returncode == 0, created.stderr
    finally:
        stopped.signal(signal.SIGCONT)

    assert stopped.wait(30) == 1
    assert "the Lease cocket-operator is lost" in stopped.said()
    assert system.holder() == "operator-2"
    began = system.plane.get(f"{LEASES}/cocket-operator")["spec"]["acquireTime"]
    wait_until(lambda: bool(system.facts(used.partition("@")[2])), "facts")
    log = system.plane.audit_log
    assert [one for one in written(log, account("operator")) if one.at > began] == []
    assert [one for one in written(log, second) if one.at < began] == []
    del system.operators["operator-1"]
    before = system.webhook()
    system.plane.ask("DELETE", CONFIGURATION)
    mended(system, before, "the second one keeps it")


def _bind_as_well(plane: ControlPlane, user: str) -> None:
    """An account of its own for the second operator, with the rights of the first."""
    _, _, namespace, name = user.split(":")
    plane.create_account(namespace, name)
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    for path in ("clusterrolebindings", f"namespaces/{namespace}/rolebindings"):
        for binding in plane.get(f"{rbac}/{path}")["items"]:
            if binding["metadata"]["name"] in {"cocket-operator", f"{namespace}-cocket-operator"}:
                subject = {"kind": "ServiceAccount", "namespace": namespace, "name": name}
                plane.create(
                    f"{rbac}/{path}",
                    {
                        "metadata": {"name": f"{binding['metadata']['name']}-2"},
                        "roleRef": binding["roleRef"],
                        "subjects": [subject],
                    },
                    exist=True,
                )


def test_a_policy_of_the_namespace_still_counts_after_all_this(
    system: System, namespace: str
) -> None:
    system.create(policy("at-last", [namespace], rules={"digest": {}}))
    tagged = f"{system.host}/prod/web:{TAG}"
    wait_until(
        lambda: not any(one["allowed"] for one in system.answers(namespace, tagged).values()), "it"
    )
    assert "cocket refused" in system.kubectl_create(pod("bad", tagged), namespace).stderr
