"""How well the cluster is known, as checks for `/readyz?verbose` and as metrics. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric

from webhook.admission.checks import Check

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from webhook.cluster.watched import Watched


def checks_of(kinds: Iterable[Watched]) -> list[Check]:
    """One check a kind. What was seen once stays good enough: an old policy beats none."""
    return [_check(one) for one in kinds]


def metrics_of(kinds: Iterable[Watched], counts: Mapping[str, int]) -> Iterator[Metric]:
    """Gauges.

    Args:
        kinds: what is followed.
        counts: by the end of the metric's name, such as `policies_broken`.
    """
    synced = GaugeMetricFamily(
        "cocket_cluster_synced", "1 once all objects of a kind were seen.", labels=("kind",)
    )
    failing = GaugeMetricFamily(
        "cocket_cluster_failing",
        "1 while objects of a kind cannot be followed and what was last seen is in force.",
        labels=("kind",),
    )
    seconds = GaugeMetricFamily(
        "cocket_cluster_seconds_since_contact",
        "Since the API server was last heard of; a minute without news is usual.",
        labels=("kind",),
    )
    for one in kinds:
        synced.add_metric((one.name,), float(one.synced))
        failing.add_metric((one.name,), float(bool(one.problem)))
        seconds.add_metric((one.name,), one.seconds)
    yield from (synced, failing, seconds)
    for name, count in counts.items():
        yield GaugeMetricFamily(f"cocket_{name}", _HELP[name], count)


_HELP = {
    "policies_in_force": "Policies that decide.",
    "policies_broken": "Policies, Registries and ImageExceptions that cannot be used.",
    "facts_known": "Digests that are judged without asking a registry.",
    "facts_unlearned": "Digests in use of which nothing is recorded yet.",
    "facts_ignored": "ImageFacts that cannot be used.",
    "following_ended": "1 once something is followed no more, by a bug: restart the replica.",
    "lease_failing": "1 while the replica's Lease cannot be renewed.",
}


def _check(one: Watched) -> Check:
    if one.synced:
        return Check(one.name, ok=True, detail=one.trouble)
    missing = f"not synced yet{f': {one.trouble}' if one.problem else ''}"
    if one.required:
        return Check(one.name, ok=False, detail=missing)
    return Check(one.name, ok=True, detail=f"{missing} (nothing waits for it)")
