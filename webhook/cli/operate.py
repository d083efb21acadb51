"""`cocket operate`: keep registry information, certificates and webhook configuration."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import click

from webhook.cli.audit_options import audit_options
from webhook.cli.cluster_options import Namespace
from webhook.cli.operate_words import HttpsUrl, Identity, ObjectName
from webhook.cli.options import exception_days_option
from webhook.cli.report_options import ReportServed, report_options
from webhook.cli.scope import login_options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_EPILOG = """\b
Examples:
  cocket operate --service cocket-webhook --tls-secret cocket-tls --replicas 3
  cocket operate --service cocket-webhook --failure-policy fail
  cocket operate --webhook-url https://host:8443/validate --tls-secret web-tls
  cocket operate --audit-reports policyreport --no-audit-events
  cocket operate --namespace cocket-system --remove-webhook-configuration

\b
What the leader does, who holds the Lease cocket-operator:
  policies     says on each policy, Registry and exception whether it is in
               force, and why not
  registries   asks each Registry every five minutes whether it answers and
               lets us in
  facts        writes an ImageFacts for every digest in use
  audit        says what of all that runs would be refused, in policy reports,
               Events, metrics, and day by day in the ConfigMap cocket-trend
  webhook      with --service or --webhook-url: makes and rotates the
               certificate in --tls-secret, writes the
               ValidatingWebhookConfiguration, and mends it

\b
What every one serves on --probe-port, over plain HTTP:
  /livez /readyz /metrics; /readyz?verbose says what is not in order

SIGTERM ends it, and another one leads at once. It logs to standard error.

\b
Exit code:
  0  it was asked to end
  1  the Lease was lost, or a part failed; it should be started again
  2  wrong arguments, no cluster to log in to, or a port that is taken
"""


@click.command(epilog=_EPILOG)
@login_options
@click.option(
    "--namespace",
    type=Namespace(),
    metavar="NS",
    help="Our own namespace, with our Lease and Secrets; that of the login if absent.",
)
@click.option(
    "--service", type=ObjectName(), metavar="NAME", help="Service of the webhook, in our namespace."
)
@click.option(
    "--webhook-url",
    type=HttpsUrl(),
    metavar="URL",
    help="Where API servers reach the webhook instead, as https://host:8443/validate.",
)
@click.option(
    "--tls-secret",
    type=ObjectName(),
    default="cocket-tls",
    show_default=True,
    metavar="NAME",
    help="Secret of the webhook's certificate, in our namespace.",
)
@click.option(
    "--cert-manager",
    "certificate",
    type=ObjectName(),
    metavar="NAME",
    help="Leave that Secret to cert-manager: its Certificate of this name, in our namespace.",
)
@click.option(
    "--failure-policy",
    type=click.Choice(["ignore", "fail"]),
    default="ignore",
    show_default=True,
    help="When nobody answers. `fail` is set once all replicas have been ready; never back.",
)
@click.option(
    "--timeout-seconds",
    type=click.IntRange(1, 30),
    default=10,
    show_default=True,
    help="That an API server waits for an answer.",
)
@click.option(
    "--replicas",
    type=click.IntRange(1, 1000),
    default=2,
    show_default=True,
    help="Of the webhook: so many must be ready before `fail`.",
)
@click.option(
    "--overlap-seconds",
    type=click.IntRange(1, 3600),
    default=60,
    show_default=True,
    help="That API servers get to see a new CA before its certificate is served, and again before "
    "the old one goes.",
)
@click.option(
    "--exclude-namespace",
    "excluded",
    type=Namespace(),
    multiple=True,
    metavar="NS",
    help="Never ask about this namespace, besides our own and kube-system. Repeatable.",
)
@click.option(
    "--exception-namespace",
    "exception_namespaces",
    type=Namespace(),
    multiple=True,
    metavar="NS",
    help="Honour the ImageExceptions of this namespace; of others never. Repeatable.",
)
@exception_days_option
@audit_options
@report_options
@click.option(
    "--identity",
    type=Identity(),
    metavar="NAME",
    help="Who we are in the Lease, as no other is; host name and chance if absent.",
)
@click.option(
    "--remove-webhook-configuration",
    "remove",
    is_flag=True,
    help="Stop the leader, delete the webhook configuration and end: before an uninstall.",
)
@click.option(
    "--look-inside",
    type=click.IntRange(0, 16),
    default=1,
    show_default=True,
    metavar="N",
    help="Images whose layers are read at one time; 0: layers are never read.",
)
@click.option(
    "--probe-bind", default="", metavar="ADDRESS", help="Listen there; every address if absent."
)
@click.option(
    "--probe-port",
    type=click.IntRange(0, 65535),
    default=8080,
    show_default=True,
    help="For probes and metrics, over plain HTTP; 0 takes a free one.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="Of standard error.",
)
def operate(
    *,
    kubeconfig: Path | None,
    context: str | None,
    namespace: str | None,
    service: str | None,
    webhook_url: str | None,
    tls_secret: str,
    certificate: str | None,
    failure_policy: str,
    timeout_seconds: int,
    replicas: int,
    overlap_seconds: int,
    excluded: Sequence[str],
    exception_namespaces: Sequence[str],
    max_exception_days: int,
    audit: bool,
    audit_interval: int,
    audit_reports: str,
    audit_events: bool,
    annotate_workloads: bool,
    report: ReportServed | None,
    identity: str | None,
    remove: bool,
    look_inside: int,
    probe_bind: str,
    probe_port: int,
    log_level: str,
) -> None:
    """Keep in a cluster what admission needs: facts, certificates, and the webhook configuration.

    Run two of them: one leads, the other one waits.
    """
    if service and webhook_url:
        raise click.UsageError("Give --service or --webhook-url: API servers take one of them.")
    if annotate_workloads and not audit:
        raise click.UsageError("--annotate-workloads writes what an audit found: it needs --audit")
    if not service and not webhook_url and (certificate or failure_policy == "fail"):
        raise click.UsageError(
            "--cert-manager and --failure-policy need --service or --webhook-url: without either "
            "there is no webhook configuration."
        )
    # Imported here: Kubernetes' client and kopf take seconds, and `--help` needs neither.
    from webhook.admission.logs import configure_logging  # noqa: PLC0415
    from webhook.admission.server import Address  # noqa: PLC0415
    from webhook.cli.operated import Audited, Operated, Webhook  # noqa: PLC0415
    from webhook.cli.operating import run  # noqa: PLC0415

    configure_logging(sys.stderr, logging.getLevelNamesMapping()[log_level.upper()])
    if remove:
        from webhook.cli.removing import run as remove_configuration  # noqa: PLC0415

        sys.exit(remove_configuration(kubeconfig, context, namespace, identity))
    webhook = Webhook(
        service=service or "",
        url=webhook_url or "",
        secret=tls_secret,
        certificate=certificate or "",
        fail=failure_policy == "fail",
        timeout_seconds=timeout_seconds,
        replicas=replicas,
        overlap_seconds=overlap_seconds,
        excluded=tuple(excluded),
    )
    code = run(
        Operated(
            kubeconfig=kubeconfig,
            context=context,
            namespace=namespace,
            identity=identity,
            exception_namespaces=tuple(exception_namespaces),
            max_exception_days=max_exception_days,
            look_inside=look_inside,
            webhook=webhook if service or webhook_url else None,
            audit=Audited(
                audit_interval, audit_reports, audit_events, tuple(excluded), annotate_workloads
            )
            if audit
            else None,
            report=report,
            probes=Address(probe_bind, probe_port),
        )
    )
    sys.exit(code)
