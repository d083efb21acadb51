"""How registries are, as metrics: what they still allow, and which of them are left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from webhook.registry.breaker import Breakers


def registry_metrics(breakers: Breakers) -> Iterator[Metric]:
    """What one client has seen, by host of the registry; only configured ones are ever asked."""
    alone = GaugeMetricFamily(
        "cocket_registry_left_alone",
        "1 while a registry in trouble is not asked.",
        labels=("registry",),
    )
    for host, is_open in breakers.open().items():
        alone.add_metric((host,), float(is_open))
    yield alone
    refused = CounterMetricFamily(
        "cocket_registry_unasked",
        "Questions to registries in trouble that were answered without asking.",
        labels=("registry",),
    )
    for host, count in breakers.refused.items():
        refused.add_metric((host,), count)
    yield refused
    remaining = GaugeMetricFamily(
        "cocket_registry_ratelimit_remaining",
        "Requests that a registry still allows in its period, as it said last.",
        labels=("registry",),
    )
    limits = GaugeMetricFamily(
        "cocket_registry_ratelimit_limit",
        "Requests that a registry allows in a period.",
        labels=("registry",),
    )
    for host, left in breakers.left.items():
        if left.remaining is not None:
            remaining.add_metric((host,), left.remaining)
        if left.limit is not None:
            limits.add_metric((host,), left.limit)
    yield remaining
    yield limits
