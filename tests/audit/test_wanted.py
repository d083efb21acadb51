"""How somebody names a workload."""

from __future__ import annotations

import pytest

from tests.builders import refusal
from webhook.audit.wanted import Wanted, read_wanted
from webhook.reports.audited import Owner


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("web", Wanted("web")),
        ("deployment/web", Wanted("web", "deployment")),
        ("deployments/web", Wanted("web", "deployment")),
        ("Deployment.apps/web", Wanted("web", "deployment")),
        ("deploy/web", Wanted("web", "deployment")),
        ("sts/db", Wanted("db", "statefulset")),
        ("ds/agent", Wanted("agent", "daemonset")),
        ("rs/web-7d4b9", Wanted("web-7d4b9", "replicaset")),
        ("rc/web", Wanted("web", "replicationcontroller")),
        ("cj/nightly", Wanted("nightly", "cronjob")),
        ("pods/web-0.a", Wanted("web-0.a", "pod")),
        ("po/x", Wanted("x", "pod")),
        ("rollouts.argoproj.io/web", Wanted("web", "rollout")),
    ],
)
def test_a_workload_is_written_as_kubectl_takes_it(text: str, wanted: Wanted) -> None:
    assert read_wanted(text) == wanted


@pytest.mark.parametrize(
    "text", ["", "/web", "deployment/", "a/b/c", "Web", "1/web", "web\x1b[2J", "../x", "é/web"]
)
def test_what_nothing_can_be_called_is_refused(text: str) -> None:
    assert "write it as deployment/web" in refusal(lambda: read_wanted(text))


def test_a_kind_means_owners_of_that_kind() -> None:
    owner = Owner(api_version="apps/v1", kind="Deployment", namespace="shop", name="web")

    assert read_wanted("web").means(owner)
    assert read_wanted("deploy/web").means(owner)
    assert not read_wanted("sts/web").means(owner)
    assert not read_wanted("api").means(owner)
    assert read_wanted("pod/web").is_pod
    assert not read_wanted("web").is_pod
