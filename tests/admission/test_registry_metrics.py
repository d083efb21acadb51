"""What of registries is exported."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest

from webhook.admission.registry_metrics import registry_metrics
from webhook.core.facts import Reason, Unknown
from webhook.registry.breaker import Breakers
from webhook.registry.ratelimit import RateLimit


def exported(breakers: Breakers) -> set[str]:
    class Collector:
        def collect(self) -> object:
            return registry_metrics(breakers)

    registry = CollectorRegistry()
    registry.register(Collector())  # type: ignore[arg-type]  # the protocol of custom collectors
    lines = generate_latest(registry).decode().splitlines()
    return {line for line in lines if not line.startswith("#")}


def test_limits_and_trouble_are_told_by_registry() -> None:
    breakers = Breakers(lambda: 0.0)
    for _ in range(3):
        breakers.of("down.example", ()).leave(Unknown(Reason.UNREACHABLE, "down"), 0.0)
    breakers.of("docker.io", ())
    breakers.of("docker.io", ("somebody",)).leave(Unknown(Reason.RATE_LIMITED), 0.0, 9.0)
    breakers.refused["down.example"] += 2
    breakers.left["docker.io"] = RateLimit(100, 76, 21600)
    breakers.left["half.example"] = RateLimit(None, 5, None)

    assert exported(breakers) == {
        'cocket_registry_left_alone{registry="down.example"} 1.0',
        'cocket_registry_left_alone{registry="docker.io"} 0.0',
        'cocket_registry_unasked_total{registry="down.example"} 2.0',
        'cocket_registry_ratelimit_remaining{registry="docker.io"} 76.0',
        'cocket_registry_ratelimit_remaining{registry="half.example"} 5.0',
        'cocket_registry_ratelimit_limit{registry="docker.io"} 100.0',
    }
