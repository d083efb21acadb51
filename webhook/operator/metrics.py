"""What the operator tells Prometheus; gathered when somebody scrapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from webhook.operator.audit_metrics import audit_metrics
from webhook.registry.ping import Ping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from webhook.operator.process import Operator


def operator_metrics(operator: Operator | None, *, leading: bool) -> Iterator[Metric]:
    """All of them.

    Args:
        operator: None where another one leads.
        leading: whether we hold the Lease.
    """
    yield GaugeMetricFamily("cocket_operator_leading", "1 while we hold the Lease.", float(leading))
    if operator is None:
        return
    failing = GaugeMetricFamily(
        "cocket_operator_failing", "1 for each part that is not in order.", labels=("part",)
    )
    for part in operator.problems():
        failing.add_metric((part,), 1.0)
    yield failing
    objects = GaugeMetricFamily(
        "cocket_objects",
        "Policies and exceptions, by kind and what became of them.",
        labels=("kind", "reason"),
    )
    for (kind, reason), count in operator.desk.counts.items():
        objects.add_metric((kind, reason), count)
    yield objects
    yield from _registries(operator)
    if operator.audit is not None:
        yield from audit_metrics(operator.audit)
    yield from operator.requests.collect()
    yield from _configuration(operator)


def _configuration(operator: Operator) -> Iterator[Metric]:
    """What the webhook configuration says; nothing where it is not ours to know."""
    keeping = operator.keeping
    if keeping is None:
        return
    yield GaugeMetricFamily(
        "cocket_webhook_fails_open",
        "1 while API servers let everything pass when no replica answers, or ask nobody at all.",
        float(not keeping.fails_closed),
    )
    yield CounterMetricFamily(
        "cocket_webhook_configuration_repairs",
        "How often the webhook configuration was mended after somebody had changed it.",
        keeping.webhooks.repairs,
    )


def _registries(operator: Operator) -> Iterator[Metric]:
    ready = _gauge("ready", "1 while a registry answers and lets us in.")
    seconds = _gauge("latency_seconds", "Until its last answer, on a new connection.")
    expires = _gauge("certificate_expiry_timestamp_seconds", "When its certificate expires.")
    remaining = _gauge("requests_remaining", "What is left of its limit on requests.")
    allowed = _gauge("requests_allowed", "Its limit on requests, in the period that it counts.")
    for name, (looked, good) in operator.prober.latest().items():
        ready.add_metric((name,), float(good))
        if not isinstance(looked, Ping):
            continue
        seconds.add_metric((name,), looked.seconds)
        if looked.expires is not None:
            expires.add_metric((name,), looked.expires.timestamp())
        if looked.limits is not None and looked.limits.remaining is not None:
            remaining.add_metric((name,), looked.limits.remaining)
        if looked.limits is not None and looked.limits.limit is not None:
            allowed.add_metric((name,), looked.limits.limit)
    yield from (ready, seconds, expires, remaining, allowed)


def _gauge(name: str, text: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"cocket_registry_{name}", text, labels=("registry",))
