import pytest
from prometheus_client.parser import text_string_to_metric_families

from webhook.admission.checks import Check
from webhook.admission.following import checks_of, metrics_of
from webhook.admission.metrics import Metrics
from webhook.cluster.watched import Watched

NEVER = float("inf")
FINE = Watched("policies", synced=True, seconds=3.0)
AWAY = Watched("facts", synced=True, seconds=42.0, problem="refused")
NEW = Watched("namespaces", synced=False, seconds=NEVER)
FORBIDDEN = Watched("logins", synced=False, seconds=NEVER, problem="403", required=False)


@pytest.mark.parametrize(
    ("known", "check"),
    [
        (FINE, Check("policies", ok=True)),
        (AWAY, Check("facts", ok=True, detail="not followed for 42 s: refused")),
        (NEW, Check("namespaces", ok=False, detail="not synced yet")),
        (
            Watched("namespaces", synced=False, seconds=NEVER, problem="403"),
            Check("namespaces", ok=False, detail="not synced yet: 403"),
        ),
        (
            FORBIDDEN,
            Check("logins", ok=True, detail="not synced yet: 403 (nothing waits for it)"),
        ),
    ],
    ids=["fine", "away", "new", "forbidden", "not required"],
)
def test_what_was_seen_once_is_good_enough(known: Watched, check: Check) -> None:
    assert checks_of([known]) == [check]


def test_metrics_have_one_label_and_say_all() -> None:
    metrics = Metrics()
    counts = {
        "policies_in_force": 3,
        "policies_broken": 1,
        "facts_known": 10,
        "facts_unlearned": 2,
        "facts_ignored": 0,
        "following_ended": 0,
        "lease_failing": 1,
    }
    metrics.others = lambda: metrics_of([FINE, AWAY, NEW], counts)

    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }
    assert samples["cocket_cluster_synced", "policies"] == 1
    assert samples["cocket_cluster_synced", "namespaces"] == 0
    assert samples["cocket_cluster_failing", "facts"] == 1
    assert samples["cocket_cluster_failing", "policies"] == 0
    assert samples["cocket_cluster_seconds_since_contact", "facts"] == 42
    assert samples["cocket_cluster_seconds_since_contact", "namespaces"] == NEVER
    assert {name: samples[f"cocket_{name}",] for name in counts} == counts
