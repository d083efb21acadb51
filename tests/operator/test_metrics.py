"""What Prometheus is told of an operator, whatever stage it is in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest

from tests.operator.facts_world import QUICK, facts_world, until
from webhook.core.resources import gather_policies
from webhook.operator.metrics import operator_metrics
from webhook.operator.process import Operator, OperatorOptions
from webhook.operator.registries import ProbeOptions
from webhook.registry.limits import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

OURS = "/apis/cocket.dev/v1alpha1"


class Collector:
    """What the process registers."""

    def __init__(self, operator: Operator | None, *, leading: bool) -> None:
        self._operator = operator
        self._leading = leading

    def collect(self) -> Iterator[Metric]:
        return operator_metrics(self._operator, leading=self._leading)


def scraped(operator: Operator | None, *, leading: bool) -> dict[str, float]:
    """Values by name and labels, as Prometheus reads them."""
    registry = CollectorRegistry()
    registry.register(Collector(operator, leading=leading))
    lines = generate_latest(registry).decode().splitlines()
    return {
        line.rpartition(" ")[0]: float(line.rpartition(" ")[2])
        for line in lines
        if not line.startswith("#")
    }


def test_who_does_not_lead_says_so_and_nothing_else() -> None:
    assert scraped(None, leading=False) == {"cocket_operator_leading": 0}
    assert scraped(None, leading=True) == {"cocket_operator_leading": 1}


async def test_who_leads_tells_of_documents_registries_and_troubles() -> None:
    async with facts_world() as world:
        spec = {"host": world.registry.host, "allowPrivateAddresses": True, "environment": "test"}
        plain = {"tls": {"plainHTTP": True}}
        world.server.put(f"{OURS}/registries", "prod", spec=spec | plain)
        world.server.put(f"{OURS}/registries", "away", spec={**spec, "host": "127.0.0.1:1"})
        world.server.put(f"{OURS}/clusterimagepolicies", "bad", spec={})
        world.server.refuse("GET", "/secrets$", 403, "Forbidden")
        gather = partial(
            gather_policies,
            exception_namespaces=(),
            max_exception_days=90,
            now=datetime.now(UTC),
        )
        options = OperatorOptions(
            namespace="cocket",
            gather=gather,
            webhook=None,
            probe=ProbeOptions(),
            facts=QUICK,
            limits=Limits(),
        )
        operator = Operator(world.api, options, lambda: datetime.now(UTC))
        before = scraped(operator, leading=True)
        running = asyncio.create_task(operator.run())
        await until(lambda: len(operator.prober.latest()) == 2)
        await until(lambda: set(operator.problems()) == {"logins"})
        found = scraped(operator, leading=True)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert before == {"cocket_operator_leading": 1, 'cocket_operator_failing{part="documents"}': 1}
    assert found.pop('cocket_registry_latency_seconds{registry="prod"}') > 0
    assert found == {
        "cocket_operator_leading": 1,
        'cocket_operator_failing{part="logins"}': 1,
        'cocket_objects{kind="ClusterImagePolicy",reason="Invalid"}': 1,
        'cocket_registry_ready{registry="prod"}': 1,
        'cocket_registry_ready{registry="away"}': 0,
    }
