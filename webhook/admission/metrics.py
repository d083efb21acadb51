"""What is counted, for Prometheus.

Plain integers, touched only from the event loop's thread and turned into metrics when somebody
scrapes: a counter with locks and label lookups would cost more than the judgement it counts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from webhook.core.facts import Reason
    from webhook.core.verdict import Finding, Mode, Outcome

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_BUCKETS = (0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds: from memory it takes fractions of a millisecond, with a registry seconds."""

_MAX_EXCEPTIONS = 500
"""Exceptions that are counted by name; the others are counted together."""
_OTHERS = "(others)"


class Metrics:
    """The counters of one server; the registry is its own, so that two servers do not mix."""

    def __init__(self) -> None:
        """Begin at zero."""
        self.registry = CollectorRegistry()
        self.registry.register(self)
        ProcessCollector(registry=self.registry)
        self.decisions: Counter[str] = Counter()
        """By `allowed`, `warned`, `denied`."""
        self.unjudged: Counter[tuple[str, str]] = Counter()
        """AdmissionReviews that could not be judged, by cause and answer."""
        self.http_errors: Counter[str] = Counter()
        """By status: what was no AdmissionReview."""
        self.closed: Counter[str] = Counter()
        """Connections that the server ended, by cause."""
        self.old_tags = 0
        """Images judged by what their tag pointed to a while ago."""
        self.reloads: Counter[tuple[str, str]] = Counter()
        """By what was read anew, and whether it could be used."""
        self.reload_failing: dict[str, bool] = {}
        """By what is read: true while the files hold something that cannot be used."""
        self.connections = 0
        self.lost_lines: Callable[[], int] = lambda: 0
        """Decisions that could not be logged."""
        self.expires: Callable[[], datetime | None] = lambda: None
        """When the serving certificate does."""
        self.others: Callable[[], Iterable[Metric]] = tuple
        """What else there is to tell, at the moment of the scrape."""
        self.registries: Callable[[], Iterable[Metric]] = tuple
        """The same, of registries."""
        self._findings: Counter[tuple[str, Mode, Outcome]] = Counter()
        self._unknown: Counter[Reason] = Counter()
        self._exceptions: Counter[str] = Counter()
        self._buckets = [0] * (len(_BUCKETS) + 1)
        self._seconds = 0.0

    def judged(self, decision: str, bad: Iterable[Finding], seconds: float) -> None:
        """Count one verdict.

        Args:
            decision: `allowed`, `warned` or `denied`.
            bad: its findings with outcome fail or unknown; passes are not worth their time.
            seconds: from the request's last byte to the answer.
        """
        self.decisions[decision] += 1
        self._buckets[bisect_left(_BUCKETS, seconds)] += 1
        self._seconds += seconds
        for finding in bad:
            self._findings[finding.rule, finding.mode, finding.outcome] += 1
            if finding.reason is not None:
                self._unknown[finding.reason] += 1
            if finding.exception:
                self._excused(finding.exception)

    def _excused(self, name: str) -> None:
        """Count an exception that let something through; the names come and go for ever."""
        counts = self._exceptions
        known = name in counts or len(counts) < _MAX_EXCEPTIONS
        counts[name if known else _OTHERS] += 1

    def render(self) -> bytes:
        """Everything in the text format."""
        return generate_latest(self.registry)

    def collect(self) -> Iterator[Metric]:
        """The protocol of prometheus_client's custom collectors."""
        yield _counter(
            "cocket_reviews", "Reviews judged, by decision.", ("decision",), _one(self.decisions)
        )
        yield _counter(
            "cocket_findings",
            "Findings that failed or could not be checked, by what they do (mode).",
            ("rule", "mode", "outcome"),
            [
                ((rule, mode.value, outcome.value), count)
                for (rule, mode, outcome), count in self._findings.items()
            ],
        )
        yield _counter(
            "cocket_unknown",
            "Findings that could not be checked, by reason.",
            ("reason",),
            [((reason.value,), count) for reason, count in self._unknown.items()],
        )
        yield _counter(
            "cocket_exceptions_used",
            "Findings that would have refused without this ImageException.",
            ("exception",),
            _one(self._exceptions),
        )
        yield self._histogram()
        yield _counter(
            "cocket_unjudged",
            "Reviews answered without a judgement, by cause and answer.",
            ("cause", "answer"),
            self.unjudged.items(),
        )
        yield _counter(
            "cocket_http_errors",
            "Requests answered with an HTTP error, by status.",
            ("status",),
            _one(self.http_errors),
        )
        yield _counter(
            "cocket_closed_connections",
            "Connections that the server ended, by cause.",
            ("cause",),
            _one(self.closed),
        )
        yield _counter(
            "cocket_old_tags",
            "Images judged by what their tag pointed to before its registry fell silent.",
            (),
            [((), self.old_tags)],
        )
        yield _counter(
            "cocket_reloads",
            "Files read anew, by what they hold and whether it could be used.",
            ("what", "result"),
            self.reloads.items(),
        )
        yield _counter(
            "cocket_log_lines_lost",
            "Decisions that could not be logged.",
            (),
            [((), self.lost_lines())],
        )
        yield GaugeMetricFamily("cocket_connections", "Open connections.", self.connections)
        failing = GaugeMetricFamily(
            "cocket_reload_failing",
            "1 while files cannot be used and what was read before is in force.",
            labels=("what",),
        )
        for what, bad in self.reload_failing.items():
            failing.add_metric((what,), float(bad))
        yield failing
        expires = self.expires()
        if expires is not None:
            yield GaugeMetricFamily(
                "cocket_certificate_expiry_timestamp_seconds",
                "When the serving certificate expires, in seconds since 1970.",
                expires.timestamp(),
            )
        yield from self.others()
        yield from self.registries()

    def _histogram(self) -> Metric:
        total = 0
        buckets: list[tuple[str, float]] = []
        for bound, count in zip((*map(str, _BUCKETS), "+Inf"), self._buckets, strict=True):
            total += count
            buckets.append((bound, total))
        return HistogramMetricFamily(
            "cocket_review_duration_seconds",
            "Time from a review's last byte to its answer.",
            buckets=buckets,
            sum_value=self._seconds,
        )


def _one(counts: Mapping[str, int]) -> Iterable[tuple[Sequence[str], int]]:
    return [((key,), count) for key, count in counts.items()]


def _counter(
    name: str,
    help_text: str,
    labels: Sequence[str],
    counts: Iterable[tuple[Sequence[str], int]],
) -> Metric:
    family = CounterMetricFamily(name, help_text, labels=labels)
    for key, count in counts:
        family.add_metric(key, count)
    return family
