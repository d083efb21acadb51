"""What `cocket serve` runs: everything put together from the options, and the event loop."""

from __future__ import annotations

import gc
import logging
import resource
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from webhook.admission.checks import Check
from webhook.admission.limits import Limits
from webhook.admission.metrics import Metrics
from webhook.admission.registry_metrics import registry_metrics
from webhook.admission.reload import Reload, read_contents
from webhook.admission.server import Address, Server
from webhook.admission.tls import Certificate
from webhook.cli.policies import load_policies
from webhook.cli.serving_certificates import Files, FromSecret, SelfSigning, local_certificate
from webhook.core.policy import PolicySet
from webhook.engine import Engine
from webhook.errors import InputError
from webhook.registry.client import open_client
from webhook.registry.cloud.logins import CloudLogins
from webhook.registry.counting import Requests
from webhook.registry.credentials import Secrets
from webhook.registry.given import GivenFacts, read_facts
from webhook.registry.limits import Limits as RegistryLimits
from webhook.registry.questions import Questions
from webhook.registry.source import Recorded
from webhook.registry.tenant import PullSecrets
from webhook.settings import Settings, cloud_place

_FILES = 4096
"""File descriptors that all our limits need together, with the registries' connections."""

_log = logging.getLogger(__name__)


class Replica(msgspec.Struct, frozen=True):
    """Who we are among others that serve the same cluster."""

    name: str
    address: str
    """`host:port` where the operator finds us."""
    pod_uid: str = ""


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster whose policies decide."""

    kubeconfig: Path | None = None
    context: str | None = None
    namespace: str | None = None
    """Our own; None for that of the login."""
    exception_namespaces: tuple[str, ...] = ()
    replica: Replica | None = None
    pull_secrets: tuple[str, ...] = ()
    """Names of the pull secrets of Pods that are read; `*` for all, nothing for none."""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """The options of `cocket serve`."""

    policies: tuple[Path, ...]
    """Empty: those of `cluster`."""
    facts: tuple[Path, ...]
    offline: bool
    cache_dir: Path | None
    labels: Mapping[str, Mapping[str, str]]
    reviews: Address
    probes: Address | None
    tls: Files | SelfSigning | FromSecret
    client_ca: Path | None
    drain_seconds: float
    linger_seconds: float
    max_exception_days: int = Settings().max_exception_days
    cluster: Cluster = Cluster()


class Judging(msgspec.Struct, kw_only=True):
    """By what reviews are judged, and with what they are answered."""

    policies: Callable[[], PolicySet]
    namespaces: Callable[[str], Mapping[str, str] | None]
    given: GivenFacts
    certificate: Certificate
    reloads: Sequence[Reload[Any, Any]] = ()
    recorded: Recorded | None = None
    secrets: Secrets | None = None
    pull_secrets: PullSecrets | None = None
    before: Callable[[], Awaitable[None]] | None = None
    checks: Callable[[], Sequence[Check]] = tuple
    on_readiness: Callable[[bool], None] = lambda _: None


class InForce(msgspec.Struct):
    """The policies that decide now."""

    policies: PolicySet

    def replace(self, policies: PolicySet) -> None:
        """Decide by others from now on."""
        self.policies = policies


def limits_of(settings: Settings) -> Limits:
    """The limits of the server, from the settings of the same names."""
    return Limits(**{name: getattr(settings, name) for name in Limits.__struct_fields__})


def run(served: Served, *, log_descriptor: int) -> None:
    """Serve until a signal comes.

    Raises:
        InputError: a file cannot be used, there is no cluster to log in to, or it cannot be
            listened there.
    """
    metrics = Metrics()
    given = read_facts(served.facts)
    _allow_files()
    if served.policies:
        judging = _from_files(served, given, metrics)
        uvloop.run(serve(served, judging, metrics, log_descriptor))
        return
    # Imported here: the Kubernetes client takes half a second and 40 MB.
    from webhook.cli.serving_cluster import serve_from_cluster  # noqa: PLC0415

    uvloop.run(serve_from_cluster(served, given, metrics, log_descriptor))


async def serve(served: Served, judging: Judging, metrics: Metrics, log_descriptor: int) -> None:
    """Serve until a signal comes.

    Raises:
        InputError: it cannot be listened there.
    """
    settings = Settings()
    client = None
    if not served.offline:
        limits = RegistryLimits(tag_seconds=settings.tag_seconds, cache_bytes=settings.cache_bytes)
        requests = Requests()
        metrics.registry.register(requests)
        client = open_client(
            cache_dir=served.cache_dir,
            limits=limits,
            secrets=judging.secrets,
            requests=requests,
            cloud=CloudLogins(cloud_place(), now),
        )
        metrics.registries = partial(registry_metrics, client.ways.breakers)
    questions = Questions(client)
    server = Server(
        engine=engine_of(judging, questions),
        policies=judging.policies,
        clock=now,
        certificate=judging.certificate,
        limits=msgspec.structs.replace(
            limits_of(settings),
            drain_seconds=served.drain_seconds,
            linger_seconds=served.linger_seconds,
        ),
        metrics=metrics,
        log_descriptor=log_descriptor,
        reviews=served.reviews,
        probes=served.probes,
        reloads=judging.reloads,
        before=judging.before,
        checks=judging.checks,
        on_readiness=judging.on_readiness,
    )
    settle()
    try:
        await server.serve_until_signal()
    except OSError as error:
        raise InputError(f"cannot listen: {error.strerror or error}") from error
    finally:
        await questions.close()
        if client is not None:
            await client.close()


def engine_of(judging: Judging, questions: Questions) -> Engine:
    """What answers reviews."""
    return Engine(
        policies=judging.policies,
        source=questions.source(
            judging.policies,
            given=judging.given,
            recorded=judging.recorded,
            pull_secrets=judging.pull_secrets,
        ),
        namespaces=judging.namespaces,
        clock=now,
        everything=False,
    )


def settle() -> None:
    """What was read lives as long as we do: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()


def now() -> datetime:
    """The clock of all that is served."""
    return datetime.now(UTC)


def _from_files(served: Served, given: GivenFacts, metrics: Metrics) -> Judging:
    """Policies and certificate from files, which are watched.

    Raises:
        InputError: a file cannot be used.
    """
    # Before the policies are read: a change while we begin is a change.
    contents = read_contents(served.policies)
    load = partial(
        load_policies,
        served.policies,
        _log.warning,
        max_exception_days=served.max_exception_days,
    )
    in_force = InForce(load())
    if isinstance(served.tls, FromSecret):
        raise InputError("a certificate from a Secret needs the policies of a cluster")
    certificate, reloads = local_certificate(served.tls, served.client_ca, metrics)
    reloads.append(
        Reload(
            "policy",
            read=lambda: read_contents(served.policies),
            make=lambda _: load(),
            take=in_force.replace,
            before=contents,
            metrics=metrics,
        )
    )
    return Judging(
        policies=lambda: in_force.policies,
        namespaces=served.labels.get,
        given=given,
        certificate=certificate,
        reloads=reloads,
    )


def _allow_files() -> None:
    """Ask for as many file descriptors as the limits may need; the shell's 1,024 are too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
