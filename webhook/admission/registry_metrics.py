"""Which registries are left alone, as metrics, and what that cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from webhook.registry.breaker import Breakers


def registry_metrics(breakers: Breakers) -> Iterator[Metric]:
    """What one client has seen, by host of the registry; only configured ones are ever asked.

    What registries still allow is told where their answers are counted: `registry.counting`.
    """
    alone = GaugeMetricFamily(
        "cocket_registry_left_alone",
        "1 while a registry in trouble is not asked.",
        labels=("host",),
    )
    for host, is_open in breakers.open().items():
        alone.add_metric((host,), float(is_open))
    yield alone
    refused = CounterMetricFamily(
        "cocket_registry_unasked",
        "Questions to registries in trouble that were answered without asking.",
        labels=("host",),
    )
    for host, count in breakers.refused.items():
        refused.add_metric((host,), count)
    yield refused
