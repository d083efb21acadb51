"""What runs is reported, whoever let it in, in the API that the cluster serves."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import DIGEST
from tests.certificates import self_signed
from tests.e2e.documents import made, put, remove
from tests.e2e.processes import free_port
from tests.e2e.registration import webhook_configuration
from tests.e2e.replicas import OURS, policy
from tests.e2e.report_world import rendered, reports, served, wait_report
from tests.e2e.server import wait_until
from webhook.reports.policy_report import ReportApi
from webhook.reports.trend_data import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.e2e.cockets import Cocket
    from tests.e2e.control_plane import ControlPlane

OLD, NEW = ReportApi.POLICY_REPORT, ReportApi.OPEN_REPORTS
TAGGED = "registry.example.com/prod/web:1.1"
PINNED = f"registry.example.com/prod/web@{DIGEST}"
RULES: dict[str, Any] = {"rules": {"digest": {}}}
MERGE = "application/merge-patch+json"
OWNERS = {
    "apps/v1": ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"),
    "batch/v1": ("Job",),
    "v1": ("ReplicationController",),
}


@pytest.fixture(autouse=True, scope="module")
def _installed(plane: ControlPlane) -> None:
    plane.install_crds()


class Shop:
    """A namespace with a policy that enforces digests."""

    def __init__(self, plane: ControlPlane, namespace: str) -> None:
        self.plane = plane
        self.namespace = namespace
        self.policy = f"for-{namespace}"
        put(plane, policy(self.policy, [namespace], **RULES))

    def deployment(self, name: str, image: str = TAGGED, **spec: Any) -> None:
        """Create a Deployment of one container."""
        labels = {"app": name}
        template = {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "app", "image": image}]},
        }
        body = {"selector": {"matchLabels": labels}, "template": template, "replicas": 2, **spec}
        self.plane.create(self.apps(), {"metadata": {"name": name}, "spec": body})

    def pod(self, name: str, image: str = TAGGED, **metadata: Any) -> None:
        """Create a Pod."""
        self.plane.create(
            f"/api/v1/namespaces/{self.namespace}/pods",
            {
                "metadata": {"name": name, **metadata},
                "spec": {"containers": [{"name": "app", "image": image}]},
            },
        )

    def apps(self, name: str = "") -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}/deployments{name and f'/{name}'}"

    def enforce(self, **spec: Any) -> None:
        """Change the policy."""
        path = f"{OURS}/clusterimagepolicies/{self.policy}"
        assert self.plane.ask("PATCH", path, {"spec": spec}, content_type=MERGE)[0] == 200

    def report(
        self, api: ReportApi, owner: str, word: str = "fail", count: int = 1
    ) -> dict[str, Any]:
        """The report on an owner, once it counts so many of a word."""
        wanted = lambda found: found["summary"][word] == count  # noqa: E731 - it is one
        return wait_report(self.plane, api, self.namespace, owner, wanted)


@pytest.fixture
def shop(plane: ControlPlane, namespace: str) -> Iterator[Shop]:
    """Elsewhere than the operator: nobody is asked about its own namespace."""
    made_shop = Shop(plane, plane.create_namespace(f"{namespace}-shop"))
    yield made_shop
    remove(plane, f"clusterimagepolicies/{made_shop.policy}")


def test_what_came_in_while_the_webhook_was_down_is_reported_and_goes_with_its_owner(
    plane: ControlPlane, shop: Shop, namespace: str, operate: Callable[..., Cocket]
) -> None:
    nobody = webhook_configuration(
        f"down-{shop.namespace}",
        f"https://127.0.0.1:{free_port()}/validate",
        self_signed(days=1).certificate_pem,
        [shop.namespace],
        failure_policy="Ignore",
        timeout_seconds=1,
    )
    with served(plane, OLD), plane.controllers():
        plane.apply(nobody)
        shop.deployment("web")
        wait_until(lambda: len(pods(plane, shop.namespace)) == 2, "two Pods that nobody checked")
        operator = operate()

        report = shop.report(OLD, "Deployment/web")
        assert list(reports(plane, OLD, shop.namespace)) == ["Deployment/web"]
        head, line = rendered(report)
        title = f"Deployment {shop.namespace}/web"
        assert head == f"cocket: {title} pass=0 fail=1 warn=0 error=0 skip=0"
        assert line.startswith(f"[fail] Supply Chain / {shop.policy} / digest (high): ")
        assert f"{TAGGED} is a tag, and tags move" in line
        [owner] = report["metadata"]["ownerReferences"]
        assert owner["uid"] == plane.get(shop.apps("web"))["metadata"]["uid"]
        assert_metrics(operator, shop.namespace)
        assert_trend(plane, namespace, shop.namespace)
        described = plane.kubectl("describe", "deployment", "web", "-n", shop.namespace)
        assert "WouldBeRefused" in described.stdout
        assert "is a tag, and tags move" in described.stdout

        # Nobody of us is there any more: the cluster's own garbage collection takes the report.
        assert operator.process.stop() == 0
        name = report["metadata"]["name"]
        plane.kubectl("delete", "deployment", "web", "-n", shop.namespace)
        path = f"/apis/{OLD.value}/namespaces/{shop.namespace}/policyreports/{name}"
        wait_until(lambda: plane.ask("GET", path)[0] == 404, "the report is gone", 60)
    plane.kubectl("delete", "validatingwebhookconfiguration", nobody["metadata"]["name"])


def test_reports_change_with_objects_and_policies_and_are_written_only_then(
    plane: ControlPlane, shop: Shop, operate: Callable[..., Cocket]
) -> None:
    with served(plane, NEW):
        operate()
        shop.deployment("web")
        shop.pod("debug", PINNED)
        first = shop.report(NEW, "Deployment/web")
        assert first["source"] == "cocket"
        shop.report(NEW, "Pod/debug", "pass")

        shop.enforce(mode="warn")
        warned = shop.report(NEW, "Deployment/web", "warn")
        assert warned["results"][0]["scored"] is False
        ids = [one["results"][0]["properties"]["resultID"] for one in (first, warned)]
        assert ids[0] == ids[1]
        good = {"spec": {"template": {"spec": {"containers": [{"name": "app", "image": PINNED}]}}}}
        assert plane.ask("PATCH", shop.apps("web"), good, content_type=MERGE)[0] == 200
        shop.report(NEW, "Deployment/web", "pass")

        version = reports(plane, NEW, shop.namespace)["Pod/debug"]["metadata"]["resourceVersion"]
        shop.pod("another", PINNED)
        shop.report(NEW, "Pod/another", "pass")
        debug = reports(plane, NEW, shop.namespace)["Pod/debug"]
        assert debug["metadata"]["resourceVersion"] == version

        plane.ask("DELETE", f"{path_of(NEW, shop.namespace)}/{debug['metadata']['name']}")
        shop.report(NEW, "Pod/debug", "pass")
        remove(plane, f"clusterimagepolicies/{shop.policy}")
        wait_until(lambda: reports(plane, NEW, shop.namespace) == {}, "no report", 40)


def test_a_definition_that_is_installed_later_takes_over(
    plane: ControlPlane, shop: Shop, operate: Callable[..., Cocket]
) -> None:
    shop.pod("web")
    operator = operate()
    operator.wait_ready()
    with served(plane, OLD):
        shop.report(OLD, "Pod/web")
        shop.enforce(mode="warn")
        shop.report(OLD, "Pod/web", "warn")
        with served(plane, NEW):
            shop.report(NEW, "Pod/web", "warn")
            wait_until(lambda: reports(plane, OLD, shop.namespace) == {}, "no old report", 40)
        shop.report(OLD, "Pod/web", "warn")


def test_an_exception_is_a_skip_with_its_reason_and_fails_at_once_when_it_ends(
    plane: ControlPlane, shop: Shop, namespace: str, operate: Callable[..., Cocket]
) -> None:
    expires = datetime.now(UTC) + timedelta(seconds=25)
    excuse = {
        "rules": ["digest"],
        "namespaces": [shop.namespace],
        "image": "registry.example.com/prod/web",
        "reason": "the move to digests is under way",
        "expires": f"{expires:%Y-%m-%dT%H:%M:%SZ}",
    }
    put(plane, made("ImageException", "move", excuse, namespace))
    shop.pod("web")
    with served(plane, NEW):
        operate()
        [result] = shop.report(NEW, "Pod/web", "skip")["results"]
        assert "the move to digests is under way" in result["message"]
        assert result["properties"]["exception"] == f"{namespace}/move"
        assert datetime.now(UTC) < expires

        shop.report(NEW, "Pod/web")
        assert datetime.now(UTC) - expires < timedelta(seconds=8)


def test_who_lies_about_its_owner_is_reported_by_itself(
    plane: ControlPlane, shop: Shop, operate: Callable[..., Cocket]
) -> None:
    served_jobs = plane.version >= (1, 21)
    every = {**OWNERS, "batch/v1" if served_jobs else "batch/v1beta1": ("CronJob",)}
    if served_jobs:
        every["batch/v1"] = ("Job", "CronJob")
    names = []
    for version, kinds in every.items():
        for kind in kinds:
            lie = {"apiVersion": version, "kind": kind, "name": "innocent", "uid": "0-0-0"}
            names.append(f"liar-{kind.lower()}")
            shop.pod(names[-1], ownerReferences=[{**lie, "controller": True}])
    with served(plane, NEW):
        operate()
        for name in names:
            shop.report(NEW, f"Pod/{name}")


def path_of(api: ReportApi, namespace: str) -> str:
    plural = "reports" if api is NEW else "policyreports"
    return f"/apis/{api.value}/namespaces/{namespace}/{plural}"


def pods(plane: ControlPlane, namespace: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = plane.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
    return found


def assert_metrics(operator: Cocket, namespace: str) -> None:
    metrics = operator.get("/metrics")[1]
    labels = f'namespace="{namespace}",rule="digest"'
    assert f"cocket_audit_violations{{{labels}}} 1.0" in metrics.replace(
        f'rule="digest",namespace="{namespace}"', labels
    )
    assert "cocket_audit_errors_total 0.0" in metrics


def assert_trend(plane: ControlPlane, own: str, namespace: str) -> None:
    """It is written after the reports, in the operator's own namespace."""
    path = f"/api/v1/namespaces/{own}/configmaps/cocket-trend"
    wait_until(lambda: plane.ask("GET", path)[0] == 200, "the trend")
    today = load(plane.get(path)["data"]).days[-1]
    assert today.date == time.strftime("%Y-%m-%d", time.gmtime())
    assert today.namespaces[namespace].refused == 1
