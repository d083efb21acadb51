import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.admission.findings import finding
from tests.builders import NOW
from webhook.admission.metrics import Metrics
from webhook.core.facts import Reason
from webhook.core.verdict import Mode, Outcome


def samples(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Every sample, by its name and the values of its labels."""
    return {
        (sample.name, *(sample.labels[key] for key in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(metrics.render().decode())
        for sample in family.samples
    }


def test_findings_are_counted_by_rule_mode_and_outcome() -> None:
    metrics = Metrics()
    offline = finding(rule="init", outcome=Outcome.UNKNOWN, reason=Reason.OFFLINE, mode=Mode.WARN)

    metrics.judged("denied", [finding(), finding(), offline], 0.0003)
    metrics.judged("allowed", [], 7.0)

    seen = samples(metrics)
    assert seen["cocket_findings_total", "enforce", "fail", "digest"] == 2
    assert seen["cocket_findings_total", "warn", "unknown", "init"] == 1
    assert seen["cocket_unknown_total", "offline"] == 1
    assert seen["cocket_reviews_total", "denied"] == 1
    assert seen["cocket_reviews_total", "allowed"] == 1


def test_a_verdict_without_findings_counts_as_a_review() -> None:
    metrics = Metrics()

    metrics.judged("allowed", [], 0.0)

    assert samples(metrics)["cocket_review_duration_seconds_count",] == 1


@pytest.mark.parametrize(
    ("seconds", "bound", "within"),
    [(0.00025, "0.00025", 1), (0.0003, "0.00025", 0), (0.0003, "0.0005", 1), (99.0, "30.0", 0)],
)
def test_durations_fall_into_buckets_with_their_upper_bound(
    seconds: float, bound: str, within: int
) -> None:
    metrics = Metrics()

    metrics.judged("allowed", [], seconds)

    seen = samples(metrics)
    assert seen["cocket_review_duration_seconds_bucket", bound] == within
    assert seen["cocket_review_duration_seconds_bucket", "+Inf"] == 1
    assert seen["cocket_review_duration_seconds_sum",] == pytest.approx(seconds)


def test_everything_else_has_its_name() -> None:
    metrics = Metrics()
    metrics.unjudged["too-large", "denied"] += 1
    metrics.http_errors["400"] += 1
    metrics.closed["slow"] += 1
    metrics.reloads["policy", "failed"] += 1
    metrics.reload_failing["policy"] = True
    metrics.lost_lines = lambda: 3
    metrics.connections = 5
    metrics.old_tags = 2
    metrics.expires = lambda: NOW

    seen = samples(metrics)
    assert seen["cocket_unjudged_total", "denied", "too-large"] == 1
    assert seen["cocket_http_errors_total", "400"] == 1
    assert seen["cocket_closed_connections_total", "slow"] == 1
    assert seen["cocket_reloads_total", "failed", "policy"] == 1
    assert seen["cocket_reload_failing", "policy"] == 1
    assert seen["cocket_log_lines_lost_total",] == 3
    assert seen["cocket_connections",] == 5
    assert seen["cocket_old_tags_total",] == 2
    assert seen["cocket_certificate_expiry_timestamp_seconds",] == NOW.timestamp()


def test_without_a_certificate_nothing_is_said_of_its_end() -> None:
    assert ("cocket_certificate_expiry_timestamp_seconds",) not in samples(Metrics())


def test_two_servers_do_not_mix_their_counts() -> None:
    one, two = Metrics(), Metrics()

    one.judged("allowed", [], 0.0)

    assert ("cocket_reviews_total", "allowed") not in samples(two)


def test_exceptions_are_counted_by_name_until_there_are_too_many() -> None:
    metrics = Metrics()
    names = [f"security/e{number}" for number in range(510)]

    metrics.judged("warned", [finding(mode=Mode.WARN, exception=name) for name in names], 0.0)
    metrics.judged("warned", [finding(mode=Mode.WARN, exception=names[0])], 0.0)

    seen = samples(metrics)
    assert seen["cocket_exceptions_used_total", "security/e0"] == 2
    assert seen["cocket_exceptions_used_total", "(others)"] == 10
    assert len([key for key in seen if key[0] == "cocket_exceptions_used_total"]) == 501
