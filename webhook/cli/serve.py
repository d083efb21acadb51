"""`cocket serve`: answer admission reviews over HTTPS."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from webhook.cli.cluster_options import NamespacedName, cluster_options
from webhook.cli.options import (
    READABLE,
    cache_option,
    exception_days_option,
    facts_option,
    namespace_labels,
    offline_option,
    policy_option,
)
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STANDARD_OUTPUT = 1
"""The file descriptor: lines go past Python's own buffer."""

_EPILOG = """\b
Examples:
  cocket serve --tls-secret cocket-system/cocket-tls
  cocket serve --kubeconfig ~/.kube/config --tls-self-signed
  cocket serve --policy policy.yaml --tls-cert tls.crt --tls-key tls.key
  cocket serve --policy policy.yaml --tls-self-signed \\
    --tls-self-signed-ca ca.pem

\b
What it serves:
  POST /validate     AdmissionReviews of admission.k8s.io/v1
  /livez /readyz     for probes, here and on the port for metrics
  /metrics           on the port for metrics only, which speaks plain HTTP

Without --policy it reads the cluster that it is logged in to: policies, Registries, exceptions,
namespaces, recorded facts, and the Secrets with logins to registries in its own namespace. It is
ready when it has seen them all and has a certificate; /readyz?verbose says what is missing. If the
API server goes away it goes on with what it last saw.

With --policy it needs no cluster. Policies, certificate and key are read anew when the files
change; what cannot be used is logged, and what was read before stays in force.

SIGTERM drains: not ready any more, serving on for --drain-seconds, then the end. Decisions are
logged as JSON lines on standard output, everything else on standard error.

\b
Exit code:
  0  it was asked to end
  2  wrong arguments, a file that cannot be used, no cluster to log in to,
     or a port that is taken
"""


class MetricsPort(click.ParamType[int | None]):
    """A port, or `none`."""

    name = "port"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | None:
        """Read the text; raises click.BadParameter."""
        if value is None or value == "none":
            return None
        port = click.IntRange(0, 65535).convert(value, param, ctx)
        return int(port)


@click.command(epilog=_EPILOG)
@policy_option
@facts_option
@offline_option
@cache_option
@click.option(
    "--namespace-labels",
    "labels",
    multiple=True,
    callback=namespace_labels,
    metavar="NS:KEY=VALUE,…",
    help="With --policy: labels of a namespace, for policies that select by them. Where they are "
    "unknown, every policy covers the namespace. Repeatable.",
)
@exception_days_option
@cluster_options
@click.option(
    "--bind", default="", metavar="ADDRESS", help="Listen there; every address if absent."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8443,
    show_default=True,
    help="For reviews; 0 takes a free one.",
)
@click.option(
    "--metrics-bind", default="", metavar="ADDRESS", help="The same for probes and metrics."
)
@click.option(
    "--metrics-port",
    type=MetricsPort(),
    default=8080,
    show_default=True,
    help="For probes and metrics, over plain HTTP; 0 takes a free one, `none` leaves it away.",
)
@click.option("--tls-cert", type=READABLE, metavar="FILE", help="Certificate chain, PEM.")
@click.option("--tls-key", type=READABLE, metavar="FILE", help="Its key, PEM, without a password.")
@click.option(
    "--tls-secret",
    type=NamespacedName(),
    metavar="NS/NAME",
    help="Take certificate and key from this Secret of the cluster instead, and follow it.",
)
@click.option(
    "--tls-self-signed",
    is_flag=True,
    help="Make a certificate in memory instead, for localhost: to try things out.",
)
@click.option(
    "--tls-self-signed-name",
    "names",
    multiple=True,
    metavar="NAME",
    help="A further host name or address for it. Repeatable.",
)
@click.option(
    "--tls-self-signed-ca",
    "ca_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write its CA certificate there, for clients and for `caBundle`.",
)
@click.option(
    "--client-ca",
    type=READABLE,
    metavar="FILE",
    help="Answer /validate only to clients with a certificate of this CA, PEM.",
)
@click.option(
    "--drain-seconds",
    type=click.FloatRange(0, 3600),
    default=Settings().drain_seconds,
    show_default=True,
    help="Serve on for so long after SIGTERM.",
)
@click.option(
    "--linger-seconds",
    type=click.FloatRange(0, 3600),
    default=Settings().linger_seconds,
    show_default=True,
    help="And then for so long at most, until no peer has a connection left. API servers close "
    "idle ones after 90.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    show_default=True,
    help="Of standard error; decisions are always logged.",
)
def serve(
    *,
    policy_files: Sequence[Path],
    facts_files: Sequence[Path],
    offline: bool,
    cache_dir: Path | None,
    labels: Mapping[str, Mapping[str, str]],
    max_exception_days: int,
    kubeconfig: Path | None,
    context: str | None,
    namespace: str | None,
    exception_namespaces: Sequence[str],
    pull_secrets: Sequence[str],
    replica_name: str | None,
    replica_address: str | None,
    replica_uid: str | None,
    bind: str,
    port: int,
    metrics_bind: str,
    metrics_port: int | None,
    tls_cert: Path | None,
    tls_key: Path | None,
    tls_secret: tuple[str, str] | None,
    tls_self_signed: bool,
    names: Sequence[str],
    ca_file: Path | None,
    client_ca: Path | None,
    drain_seconds: float,
    linger_seconds: float,
    log_level: str,
) -> None:
    """Answer the admission reviews of a Kubernetes API server, over HTTPS.

    The policies are those of a cluster, or of files.
    Registries that no Registry document names are never asked.
    """
    if policy_files:
        _refuse(
            "reads a cluster, and --policy needs none",
            {
                "--kubeconfig": kubeconfig,
                "--context": context,
                "--namespace": namespace,
                "--exception-namespace": exception_namespaces,
                "--pull-secret": pull_secrets,
                "--tls-secret": tls_secret,
                "--replica-name": replica_name,
                "--replica-address": replica_address,
                "--replica-uid": replica_uid,
            },
        )
    else:
        _refuse("needs --policy: a cluster knows them", {"--namespace-labels": labels})
    if (tls_cert is None) != (tls_key is None):
        raise click.UsageError("--tls-cert and --tls-key go together.")
    if (tls_cert is not None) + (tls_secret is not None) + tls_self_signed != 1:
        raise click.UsageError(
            "Give either --tls-cert and --tls-key, or --tls-self-signed, or --tls-secret."
        )
    if (replica_name is None) != (replica_address is None):
        raise click.UsageError("--replica-name and --replica-address go together.")
    if replica_uid and not replica_name:
        raise click.UsageError("--replica-uid needs --replica-name.")
    if (names or ca_file) and not tls_self_signed:
        raise click.UsageError("--tls-self-signed-name and -ca need --tls-self-signed.")
    # Imported here: servers and TLS take half a second, and `--help` needs none of it.
    from webhook.admission.logs import configure_logging  # noqa: PLC0415
    from webhook.admission.server import Address  # noqa: PLC0415
    from webhook.cli.serving import Cluster, Replica, Served, run  # noqa: PLC0415
    from webhook.cli.serving_certificates import (  # noqa: PLC0415
        Files,
        FromSecret,
        SelfSigning,
    )

    tls: Files | FromSecret | SelfSigning = SelfSigning(tuple(names), ca_file)
    if tls_cert is not None and tls_key is not None:
        tls = Files(tls_cert, tls_key)
    elif tls_secret is not None:
        tls = FromSecret(*tls_secret)
    replica = None
    if replica_name is not None and replica_address is not None:
        replica = Replica(replica_name, replica_address, replica_uid or "")
    configure_logging(sys.stderr, logging.getLevelNamesMapping()[log_level.upper()])
    run(
        Served(
            policies=tuple(policy_files),
            facts=tuple(facts_files),
            offline=offline,
            cache_dir=cache_dir,
            labels=labels,
            reviews=Address(bind, port),
            probes=None if metrics_port is None else Address(metrics_bind, metrics_port),
            tls=tls,
            client_ca=client_ca,
            drain_seconds=drain_seconds,
            linger_seconds=linger_seconds,
            max_exception_days=max_exception_days,
            cluster=Cluster(
                kubeconfig=kubeconfig,
                context=context,
                namespace=namespace,
                exception_namespaces=tuple(exception_namespaces),
                pull_secrets=tuple(pull_secrets),
                replica=replica,
            ),
        ),
        log_descriptor=_STANDARD_OUTPUT,
    )


def _refuse(why: str, given: Mapping[str, object]) -> None:
    """Options that have no meaning here; who gave one expects that it does something."""
    for option, value in given.items():
        if value:
            raise click.UsageError(f"{option} {why}.")
