"""What `cocket serve` runs: everything put together from the options, and the event loop."""

from __future__ import annotations

import gc
import logging
import resource
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import uvloop

from webhook.admission.limits import Limits
from webhook.admission.metrics import Metrics
from webhook.admission.reload import Reload, read_contents
from webhook.admission.selfsigned import LOCAL_NAMES, self_signed
from webhook.admission.server import Address, Server
from webhook.admission.tls import Certificate, read_pair, read_pem, try_pair
from webhook.cli.policies import load_policies
from webhook.engine import Engine
from webhook.errors import InputError
from webhook.registry import client as registry_client
from webhook.registry.given import read_facts
from webhook.registry.source import RegistrySource
from webhook.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from webhook.core.policy import PolicySet
    from webhook.registry.given import GivenFacts

Made = TypeVar("Made")

_FILES = 4096
"""File descriptors that all our limits need together, with the registries' connections."""

_log = logging.getLogger(__name__)


class Files(msgspec.Struct, frozen=True):
    """Certificate and key from files."""

    chain: Path
    key: Path


class SelfSigning(msgspec.Struct, frozen=True):
    """Certificate and key made in memory."""

    names: tuple[str, ...] = ()
    """Besides those of this machine."""
    ca_file: Path | None = None


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """The options of `cocket serve`."""

    policies: tuple[Path, ...]
    facts: tuple[Path, ...]
    offline: bool
    cache_dir: Path | None
    labels: Mapping[str, Mapping[str, str]]
    reviews: Address
    probes: Address | None
    tls: Files | SelfSigning
    client_ca: Path | None
    drain_seconds: float


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
        InputError: a file cannot be used, or it cannot be listened there.
    """
    metrics = Metrics()
    # Before the policies are read: a change while we begin is a change.
    contents = read_contents(served.policies)
    in_force = InForce(load_policies(served.policies, _log.warning))
    given = read_facts(served.facts)
    certificate, reloads = _certificate(served, metrics)
    reloads.append(
        Reload(
            "policy",
            read=lambda: read_contents(served.policies),
            make=lambda _: load_policies(served.policies, _log.warning),
            take=in_force.replace,
            before=contents,
            metrics=metrics,
        )
    )
    _allow_files()
    uvloop.run(_serve(served, in_force, given, certificate, reloads, metrics, log_descriptor))


async def _serve(  # noqa: PLR0917 - called once, with what `run` has read
    served: Served,
    in_force: InForce,
    given: GivenFacts,
    certificate: Certificate,
    reloads: list[Reload[Any, Any]],
    metrics: Metrics,
    log_descriptor: int,
) -> None:
    settings = Settings()
    client = None
    if not served.offline:
        limits = registry_client.Limits(
            tag_seconds=settings.tag_seconds, cache_bytes=settings.cache_bytes
        )
        client = registry_client.open_client(cache_dir=served.cache_dir, limits=limits)
    engine = Engine(
        policies=lambda: in_force.policies,
        source=RegistrySource(
            registries=lambda: in_force.policies.registries, client=client, given=given
        ),
        namespaces=served.labels.get,
        clock=_now,
        everything=False,
    )
    server = Server(
        engine=engine,
        policies=lambda: in_force.policies,
        clock=_now,
        certificate=certificate,
        limits=msgspec.structs.replace(limits_of(settings), drain_seconds=served.drain_seconds),
        metrics=metrics,
        log_descriptor=log_descriptor,
        reviews=served.reviews,
        probes=served.probes,
        reloads=reloads,
    )
    # What was read lives as long as we do: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    try:
        await server.serve_until_signal()
    except OSError as error:
        raise InputError(f"cannot listen: {error.strerror or error}") from error
    finally:
        if client is not None:
            await client.close()


def _certificate(served: Served, metrics: Metrics) -> tuple[Certificate, list[Reload[Any, Any]]]:
    """The certificate, and what watches its files.

    Raises:
        InputError: it cannot be used.
    """
    client_ca = b"" if served.client_ca is None else read_pem(served.client_ca)
    shown = f"--client-ca {served.client_ca}"
    tls = served.tls
    if isinstance(tls, SelfSigning):
        made = self_signed((*LOCAL_NAMES, *tls.names), _now())
        if tls.ca_file is not None:
            tls.ca_file.write_bytes(made.ca)
        _log.info("made a certificate; the SHA-256 fingerprint of its CA is %s", made.fingerprint)
        own = try_pair(made.pair, _now())
        return _naming(shown, lambda: Certificate(own, client_ca=client_ca)), []
    chain, key = tls.chain, tls.key
    files = f"--tls-cert {chain} with --tls-key {key}"
    pair = read_pair(chain, key)
    usable = _naming(files, lambda: try_pair(pair, _now()))
    certificate = _naming(shown, lambda: Certificate(usable, client_ca=client_ca))
    reload = Reload(
        "certificate",
        read=lambda: read_pair(chain, key),
        make=lambda changed: _naming(files, lambda: try_pair(changed, _now())),
        take=certificate.show,
        before=pair,
        metrics=metrics,
    )
    return certificate, [reload]


def _naming(what: str, make: Callable[[], Made]) -> Made:
    """Make something of files; an error says of which."""
    try:
        return make()
    except InputError as error:
        raise InputError(f"{what}: {error}") from error


def _allow_files() -> None:
    """Ask for as many file descriptors as the limits may need; the shell's 1,024 are too few."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _now() -> datetime:
    return datetime.now(UTC)
