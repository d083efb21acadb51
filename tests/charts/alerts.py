"""For each alert a world in which it fires, and one very like it in which it does not."""

from __future__ import annotations

from typing import Any

import msgspec

from tests.charts.rendering import NAMESPACE

WEBHOOK = f'job="cocket-webhook",namespace="{NAMESPACE}"'
OPERATOR = f'job="cocket-operator",namespace="{NAMESPACE}"'


class World(msgspec.Struct, frozen=True):
    """Series in the notation of promtool, a value a minute."""

    series: dict[str, str]
    labels: dict[str, str] = {}
    """Of the one alert that fires, besides its severity."""
    at: str = "30m"


def webhook(name: str, values: str, more: str = "") -> dict[str, str]:
    return {f"{name}{{{WEBHOOK}{more}}}": values}


def operator(name: str, values: str, more: str = "") -> dict[str, str]:
    return {f"{name}{{{OPERATOR}{more}}}": values}


UP = webhook("up", "1+0x60", ',pod="a"') | webhook("up", "0+0x60", ',pod="b"')
DOWN = webhook("up", "0+0x60", ',pod="a"') | webhook("up", "0+0x60", ',pod="b"')
DAYS = 24 * 3600
OPEN = 'apiserver_admission_webhook_fail_open_count{name="validate.cocket.dev",type="validating"}'


def buckets(seconds: str) -> dict[str, str]:
    """Reviews that take so long; 1,000 a minute."""
    return {
        **webhook("cocket_review_duration_seconds_bucket", "0+1000x60", f',le="{seconds}"'),
        **webhook("cocket_review_duration_seconds_bucket", "0+1000x60", ',le="+Inf"'),
        **webhook("cocket_review_duration_seconds_bucket", "0+0x60", ',le="0.001"'),
    }


def reviews(denied: int, allowed: int) -> dict[str, str]:
    """So many a minute."""
    return {
        **webhook("cocket_reviews_total", f"0+{denied}x60", ',decision="denied"'),
        **webhook("cocket_reviews_total", f"0+{allowed}x60", ',decision="allowed"'),
    }


def left(remaining: int, host: int = 100) -> dict[str, str]:
    return {
        **operator("cocket_registry_requests_remaining", f"{remaining}+0x60", ',registry="hub"'),
        **operator("cocket_registry_requests_allowed", "100+0x60", ',registry="hub"'),
        **webhook("cocket_registry_rate_limit_remaining", f"{host}+0x60", ',host="ghcr.io"'),
    }


def unasked(values: str) -> dict[str, str]:
    """Questions to a registry in trouble."""
    return webhook("cocket_registry_unasked_total", values, ',host="down.example"')


FIRES: dict[str, list[World]] = {
    "WebhookDown": [
        World(DOWN),
        World({'up{job="other"}': "1+0x60"}, {"job": "cocket-webhook", "namespace": NAMESPACE}),
    ],
    "FailingOpen": [
        World(UP | {OPEN: "0x10 1+1x50"}),
        World(DOWN | operator("cocket_webhook_fails_open", "1+0x60")),
    ],
    "ReviewsUnjudged": [
        World(
            webhook("cocket_unjudged_total", "0x20 1x40", ',cause="bug"'), {"cause": "bug"}, "25m"
        )
    ],
    "ReviewsSlow": [World(buckets("2.5"))],
    "ManyRefused": [World(reviews(50, 100), at="45m")],
    "CannotCheck": [
        World(
            webhook("cocket_unknown_total", "0+60x60", ',reason="timed-out"'),
            {"reason": "timed-out"},
        )
    ],
    "ReloadFailing": [
        World(webhook("cocket_reload_failing", "1+0x60", ',what="policy"'), {"what": "policy"})
    ],
    "PoliciesBroken": [World(webhook("cocket_policies_broken", "1+0x60"))],
    "ClusterNotFollowed": [
        World(
            webhook("cocket_cluster_failing", "1+0x60", ',kind="namespaces"'),
            {"kind": "namespaces"},
        )
    ],
    "FollowingEnded": [World(webhook("cocket_following_ended", "1+0x60"))],
    "LogLinesLost": [World(webhook("cocket_log_lines_lost_total", "0x20 5x40"))],
    "CertificateExpires": [
        World(webhook("cocket_certificate_expiry_timestamp_seconds", f"{2 * DAYS}+0x60"))
    ],
    "OperatorDown": [
        World(operator("cocket_operator_leading", "0+0x60")),
        World({}, {"job": "cocket-operator", "namespace": NAMESPACE}),
    ],
    "OperatorFailing": [
        World(operator("cocket_operator_failing", "1+0x60", ',part="logins"'), {"part": "logins"})
    ],
    "ConfigurationChanged": [
        World(operator("cocket_webhook_configuration_repairs_total", "0x20 1x40"))
    ],
    "RegistryNotReady": [
        World(operator("cocket_registry_ready", "0+0x60", ',registry="prod"'), {"registry": "prod"})
    ],
    "RegistryLeftAlone": [World(unasked("0x5 1+2x50"), {"host": "down.example"})],
    "RateLimitNearlyGone": [
        World(left(9), {"registry": "hub"}),
        World(left(90, host=5), {"registry": "ghcr.io"}),
    ],
    "RegistryCertificateExpires": [
        World(
            operator(
                "cocket_registry_certificate_expiry_timestamp_seconds",
                f"{6 * DAYS}+0x60",
                ',registry="prod"',
            ),
            {"registry": "prod"},
        )
    ],
    "ReportStale": [World(operator("cocket_audit_report_age_seconds", "20000+60x60"), at="50m")],
    "AuditErrors": [World(operator("cocket_audit_errors_total", "0x20 3x60"), at="50m")],
}
QUIET: dict[str, list[World]] = {
    "WebhookDown": [World(UP), World(DOWN, at="30s")],
    "FailingOpen": [
        World(UP | {OPEN: "7+0x60"}),
        # It could, and does not: a replica answers. Or nobody answers, and nothing passes.
        World(UP | operator("cocket_webhook_fails_open", "1+0x60")),
        World(DOWN | operator("cocket_webhook_fails_open", "0+0x60")),
        World(UP | {OPEN.replace("cocket.dev", "other.dev"): "0x10 1+1x50"}),
    ],
    "ReviewsUnjudged": [World(webhook("cocket_unjudged_total", "3+0x60", ',cause="bug"'))],
    "ReviewsSlow": [World(buckets("0.005"))],
    "ManyRefused": [
        World(reviews(10, 100), at="45m"),
        # One of two, and the only one in an hour.
        World(webhook("cocket_reviews_total", "0x30 1x30", ',decision="denied"'), at="45m"),
    ],
    "CannotCheck": [World(webhook("cocket_unknown_total", "0+3x60", ',reason="timed-out"'))],
    "ReloadFailing": [
        World(webhook("cocket_reload_failing", "0x27 1x33", ',what="policy"')),
        World(webhook("cocket_reload_failing", "0+0x60", ',what="policy"')),
    ],
    "PoliciesBroken": [World(webhook("cocket_policies_broken", "0+0x60"))],
    "ClusterNotFollowed": [World(webhook("cocket_cluster_failing", "0+0x60", ',kind="pods"'))],
    "FollowingEnded": [World(webhook("cocket_following_ended", "0+0x60"))],
    "LogLinesLost": [World(webhook("cocket_log_lines_lost_total", "5+0x60"))],
    "CertificateExpires": [
        World(webhook("cocket_certificate_expiry_timestamp_seconds", f"{10 * DAYS}+0x60"))
    ],
    "OperatorDown": [
        World(
            operator("cocket_operator_leading", "0+0x60", ',pod="a"')
            | operator("cocket_operator_leading", "1+0x60", ',pod="b"')
        )
    ],
    # The other parts are in order, and nobody tells of them.
    "OperatorFailing": [World(operator("cocket_operator_failing", "1x10 _x50", ',part="kopf"'))],
    "ConfigurationChanged": [
        World(operator("cocket_webhook_configuration_repairs_total", "2+0x60"))
    ],
    "RegistryNotReady": [
        World(operator("cocket_registry_ready", "1+0x60", ',registry="prod"')),
        World(operator("cocket_registry_ready", "1x25 0x35", ',registry="prod"')),
    ],
    # For a moment, or a while ago.
    "RegistryLeftAlone": [World(unasked("0x26 1+2x50")), World(unasked("0x5 9+0x50"))],
    "RateLimitNearlyGone": [World(left(50))],
    "RegistryCertificateExpires": [
        World(
            operator(
                "cocket_registry_certificate_expiry_timestamp_seconds",
                f"{30 * DAYS}+0x60",
                ',registry="prod"',
            )
        )
    ],
    "ReportStale": [World(operator("cocket_audit_report_age_seconds", "0+60x60"))],
    "AuditErrors": [World(operator("cocket_audit_errors_total", "3+0x60"))],
}


def unit_test(alert: str, world: World, severity: str, *, fires: bool) -> dict[str, Any]:
    """One entry of `tests:` as promtool reads it."""
    expected = [{"exp_labels": {"severity": severity} | world.labels}] if fires else []
    return {
        "name": f"{alert} {'fires' if fires else 'is quiet'}: {world.series}",
        "interval": "1m",
        "input_series": [
            {"series": series, "values": values} for series, values in world.series.items()
        ],
        "alert_rule_test": [
            {"alertname": f"Cocket{alert}", "eval_time": world.at, "exp_alerts": expected}
        ],
    }
