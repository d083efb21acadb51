"""What of registries is exported."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from webhook.admission.registry_metrics import registry_metrics
from webhook.core.facts import Reason, Unknown
from webhook.registry.breaker import Breakers


def exported(breakers: Breakers) -> set[str]:
    class Collector:
        def collect(self) -> object:
            return registry_metrics(breakers)

    registry = CollectorRegistry()
    registry.register(Collector())  # type: ignore[arg-type]  # the protocol of custom collectors
    lines = generate_latest(registry).decode().splitlines()
    return {line for line in lines if not line.startswith("#")}


def test_trouble_is_told_by_host() -> None:
    breakers = Breakers(lambda: 0.0)
    for _ in range(3):
        breakers.of("down.example", ()).leave(Unknown(Reason.UNREACHABLE, "down"), 0.0)
    breakers.of("docker.io", ())
    breakers.of("docker.io", ("somebody",)).leave(Unknown(Reason.RATE_LIMITED), 0.0, 9.0)
    breakers.refused["down.example"] += 2

    assert exported(breakers) == {
        'cocket_registry_left_alone{host="down.example"} 1.0',
        'cocket_registry_left_alone{host="docker.io"} 0.0',
        'cocket_registry_unasked_total{host="down.example"} 2.0',
    }
