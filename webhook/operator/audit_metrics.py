"""What the audit tells Prometheus; gathered when somebody scrapes."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from webhook.core.printable import printable
from webhook.core.verdict import Outcome
from webhook.reports.trend import OTHERS, bad_places

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from prometheus_client.core import Metric

    from webhook.operator.audit import AuditKeeper
    from webhook.reports.audited import Audited

NAMESPACES = 100
"""That are told apart; all others are the namespace `*`. Whoever may make namespaces must not be
able to make a time series each."""


def audit_metrics(keeper: AuditKeeper) -> Iterator[Metric]:
    """All of them; before the first look nothing is said of age, time and findings."""
    yield CounterMetricFamily(
        "cocket_audit_errors_total", "Audits that came to nothing.", keeper.errors
    )
    age = GaugeMetricFamily("cocket_audit_report_age_seconds", "Since everything was looked at.")
    took = GaugeMetricFamily(
        "cocket_audit_duration_seconds", "That the last look at everything took."
    )
    if (seconds := keeper.age()) is not None:
        age.add_metric((), seconds)
        took.add_metric((), keeper.seconds)
    yield from (age, took)
    yield from _found(() if keeper.latest is None else keeper.latest.audited)


def verdict_of(audited: Audited) -> str:
    """The one word on an owner: the gravest that holds."""
    if not audited.verdict.allowed:
        return "refused"
    bad = {one.outcome for one in audited.verdict.findings if one.bad and not one.exception}
    if Outcome.FAIL in bad:
        return "failing"
    return "unknown" if bad else "passed"


def _found(audited: Sequence[Audited]) -> Iterator[Metric]:
    owners: Counter[tuple[str, str]] = Counter()
    places: dict[Outcome, Counter[tuple[str, str]]] = {
        Outcome.FAIL: Counter(),
        Outcome.UNKNOWN: Counter(),
    }
    shown = _shown(audited)
    for one in audited:
        namespace = one.owner.namespace if one.owner.namespace in shown else OTHERS
        owners[namespace, verdict_of(one)] += 1
        for rule, outcome in bad_places(one):
            places[outcome][rule, namespace] += 1
    yield _family(
        "cocket_audit_violations",
        "Places that fail a rule.",
        ("rule", "namespace"),
        places[Outcome.FAIL],
    )
    yield _family(
        "cocket_audit_unknown",
        "Places that could not be checked.",
        ("rule", "namespace"),
        places[Outcome.UNKNOWN],
    )
    yield _family("cocket_audit_owners", "Owners of what runs.", ("namespace", "verdict"), owners)


def _shown(audited: Sequence[Audited]) -> set[str]:
    """The namespaces with the most owners that are not in order, then those with the most."""
    weights: dict[str, list[int]] = {}
    for one in audited:
        weight = weights.setdefault(one.owner.namespace, [0, 0])
        weight[0] += verdict_of(one) != "passed"
        weight[1] += 1
    ordered = sorted(weights, key=lambda name: (-weights[name][0], -weights[name][1], name))
    return set(ordered[:NAMESPACES])


def _family(
    name: str, text: str, labels: tuple[str, str], counts: Counter[tuple[str, str]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for (one, other), count in sorted(counts.items()):
        family.add_metric((printable(one, 100), printable(other, 100)), count)
    return family
