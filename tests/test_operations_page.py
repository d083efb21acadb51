"""docs/operations.md tells of every metric that there is, and of no other."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from tests.builders import NOW
from tests.crds import ROOT
from tests.operator.keeping_world import OPTIONS
from webhook.admission.following import metrics_of
from webhook.admission.metrics import Metrics
from webhook.admission.registry_metrics import registry_metrics
from webhook.cluster.state import ClusterState
from webhook.core.resources import gather_policies
from webhook.operator.audit import AuditOptions
from webhook.operator.facts_steps import FactsOptions
from webhook.operator.metrics import operator_metrics
from webhook.operator.process import Operator, OperatorOptions
from webhook.operator.registries import ProbeOptions
from webhook.registry.breaker import Breakers
from webhook.registry.counting import Requests
from webhook.registry.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from webhook.cluster.api import Api

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
CHAPTER = PAGE.partition("\n## Metrics\n")[2].partition("\n## ")[0]
WEBHOOK, OPERATOR = CHAPTER.split("The operator tells")
ALERTS = (ROOT / "charts/cocket/templates/prometheusrule.yaml").read_text(encoding="utf-8")
DASHBOARD = (ROOT / "charts/cocket/files/dashboard.json").read_text(encoding="utf-8")
NO_API = cast("Api", None)
"""Nothing is asked before `run`."""
gather = partial(gather_policies, exception_namespaces=(), max_exception_days=90, now=NOW)


def families(text: bytes) -> set[str]:
    return set(re.findall(r"^# TYPE (cocket_\w+) ", text.decode(), re.MULTILINE))


def of_the_webhook() -> set[str]:
    """Of a replica that follows a cluster, with a certificate and a Lease."""
    state = ClusterState(NO_API, namespace="cocket", gather=gather)
    metrics = Metrics()
    metrics.registry.register(Requests())
    metrics.expires = lambda: NOW
    metrics.others = lambda: metrics_of(state.watched(), {**state.counts(), "lease_failing": 0})
    metrics.registries = lambda: registry_metrics(Breakers(lambda: 0.0))
    return families(metrics.render())


async def of_the_operator() -> set[str]:
    """Of the one that leads."""
    options = OperatorOptions(
        namespace="cocket",
        gather=gather,
        webhook=OPTIONS,
        probe=ProbeOptions(),
        facts=FactsOptions(),
        limits=Limits(),
        audit=AuditOptions(),
    )
    operator = Operator(NO_API, options, lambda: NOW)

    class Collector:
        def collect(self) -> Iterator[Metric]:
            return operator_metrics(operator, leading=True)

    registry = CollectorRegistry()
    registry.register(Collector())
    return families(generate_latest(registry))


async def of_both() -> set[str]:
    return of_the_webhook() | await of_the_operator()


def named(text: str) -> list[str]:
    return re.findall(r"cocket_\w+", text)


async def test_every_metric_of_the_webhook_stands_in_its_table_once() -> None:
    assert sorted(named(WEBHOOK)) == sorted(of_the_webhook())


async def test_every_metric_of_the_operator_stands_in_its_table_once() -> None:
    assert sorted(named(OPERATOR)) == sorted(await of_the_operator())


@pytest.mark.parametrize("path", ["README.md", "docs/rules.md", "docs/operations.md"])
async def test_no_page_names_a_metric_that_does_not_exist(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")

    assert set(named(text)) <= await of_both()


async def test_no_alert_waits_for_a_metric_that_does_not_exist() -> None:
    assert {re.sub("_bucket$", "", name) for name in named(ALERTS)} <= await of_both()


async def test_no_question_of_the_dashboard_is_about_a_metric_that_does_not_exist() -> None:
    asked = {re.sub("_bucket$", "", name) for name in named(DASHBOARD)}

    assert asked <= await of_both()
