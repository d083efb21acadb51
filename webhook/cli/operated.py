"""The options of `cocket operate`, as what it runs takes them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from webhook import __version__
from webhook.admission.server import Address
from webhook.cli.report_options import ReportServed
from webhook.operator.annotations import AnnotationOptions
from webhook.operator.audit import AuditOptions
from webhook.operator.audit_events import EventOptions
from webhook.operator.audit_plan import PlanOptions
from webhook.operator.audit_reports import ReportOptions
from webhook.operator.configuration import SYSTEM_NAMESPACE, Endpoint, Shape
from webhook.operator.report_apis import ReportsWanted
from webhook.operator.scene import Options as WebhookOptions
from webhook.settings import Settings

CONFIGURATION = "cocket"
"""Name of the ValidatingWebhookConfiguration; the chart removes it by this name."""


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """The options about certificates and webhook configuration."""

    service: str
    url: str
    secret: str
    certificate: str
    fail: bool
    timeout_seconds: int
    replicas: int
    overlap_seconds: float
    excluded: tuple[str, ...]

    def options(self, namespace: str) -> WebhookOptions:
        """As the operator takes them."""
        endpoint = Endpoint(namespace=namespace, service=self.service, url=self.url)
        return WebhookOptions(
            shape=Shape(
                name=CONFIGURATION,
                endpoint=endpoint,
                timeout_seconds=self.timeout_seconds,
                excluded=self.excluded,
                inject_from=f"{namespace}/{self.certificate}" if self.certificate else "",
            ),
            secret=self.secret,
            fail=self.fail,
            replicas=self.replicas,
            issue=not self.certificate,
            publish_seconds=self.overlap_seconds,
            settle_seconds=self.overlap_seconds,
        )


class Audited(msgspec.Struct, frozen=True):
    """The options about the audit."""

    interval_seconds: float
    reports: str
    events: bool
    excluded: tuple[str, ...]
    annotate: bool = False

    def options(self, identity: str, namespace: str) -> AuditOptions:
        """As the operator takes them; `namespace` is our own."""
        return AuditOptions(
            unasked=frozenset({SYSTEM_NAMESPACE, namespace, *self.excluded}),
            requests_per_second=Settings().audit_requests_per_second,
            plan=PlanOptions(interval_seconds=self.interval_seconds),
            reports=ReportOptions(wanted=ReportsWanted(self.reports)),
            events=EventOptions() if self.events else None,
            annotations=AnnotationOptions() if self.annotate else None,
            instance=identity,
            version=__version__,
        )


class Operated(msgspec.Struct, frozen=True, kw_only=True):
    """The options of `cocket operate`."""

    kubeconfig: Path | None
    context: str | None
    namespace: str | None
    identity: str | None
    exception_namespaces: tuple[str, ...]
    max_exception_days: int = Settings().max_exception_days
    look_inside: int = 1
    """Images whose layers are read at one time; 0: never."""
    webhook: Webhook | None
    audit: Audited | None
    report: ReportServed | None
    probes: Address
