"""The serving certificate: from files, from a Secret of the cluster, or made in memory."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from webhook.admission.checks import Check
from webhook.admission.reload import Reload
from webhook.admission.selfsigned import LOCAL_NAMES, self_signed
from webhook.admission.tls import Certificate, Pair, read_pair, read_pem, try_pair
from webhook.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.admission.metrics import Metrics
    from webhook.admission.tls import Tried
    from webhook.cluster.api import Api

Made = TypeVar("Made")

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


class FromSecret(msgspec.Struct, frozen=True):
    """Certificate and key from a Secret of type `kubernetes.io/tls`."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """As people write it."""
        return f"Secret {self.namespace}/{self.name}"


def local_certificate(
    tls: Files | SelfSigning,
    client_ca: Path | None,
    metrics: Metrics,
    shown: Callable[[], None] = lambda: None,
) -> tuple[Certificate, list[Reload[Any, Any]]]:
    """The certificate of this machine, and what watches its files; blocks.

    Args:
        tls: where it comes from.
        client_ca: PEM; clients must show a certificate of it.
        metrics: told of every change.
        shown: told when another one is shown.

    Raises:
        InputError: it cannot be used.
    """
    if isinstance(tls, SelfSigning):
        made = self_signed((*LOCAL_NAMES, *tls.names), _now())
        if tls.ca_file is not None:
            tls.ca_file.write_bytes(made.ca)
        _log.info("made a certificate; the SHA-256 fingerprint of its CA is %s", made.fingerprint)
        return _certificate(try_pair(made.pair, _now()), client_ca), []
    chain, key = tls.chain, tls.key
    files = f"--tls-cert {chain} with --tls-key {key}"
    pair = read_pair(chain, key)
    certificate = _certificate(_naming(files, lambda: try_pair(pair, _now())), client_ca)

    def take(tried: Tried) -> None:
        certificate.show(tried)
        shown()

    reload = Reload(
        "certificate",
        read=lambda: read_pair(chain, key),
        make=lambda changed: _naming(files, lambda: try_pair(changed, _now())),
        take=take,
        before=pair,
        metrics=metrics,
    )
    return certificate, [reload]


class SecretCertificate:
    """Shows what a Secret holds. Until there is something that can be shown, it waits for it."""

    def __init__(
        self,
        api: Api,
        secret: FromSecret,
        client_ca: Path | None,
        metrics: Metrics,
        shown: Callable[[], None],
    ) -> None:
        """Nothing is asked before `run`.

        Args:
            api: the cluster.
            secret: where it comes from.
            client_ca: PEM; clients must show a certificate of it.
            metrics: told of every change.
            shown: told when another one is shown.

        Raises:
            InputError: the client CA cannot be used.
        """
        # Imported here: only who runs in a cluster needs its client.
        from webhook.cluster.secrets import tls_pair  # noqa: PLC0415

        self.certificate = _certificate(None, client_ca)
        self.there = asyncio.Event()
        """Set when there is something to show."""
        self._secret = secret
        self._shown = shown
        self._changed = asyncio.Event()
        self._mirror = tls_pair(api, secret.namespace, secret.name, changed=self._changed.set)
        self._reload: Reload[Pair | None, Tried] = Reload(
            "certificate",
            read=self._read,
            make=self._try,
            take=self._take,
            before=None,
            metrics=metrics,
        )

    def check(self) -> Check:
        """For `/readyz?verbose`."""
        trouble = self._reload.complaint or self._mirror.problem
        if self.there.is_set():
            return Check("certificate", ok=True, detail=trouble)
        waits = f"not there yet: {self._secret}, which the operator makes"
        return Check("certificate", ok=False, detail=trouble or waits)

    async def run(self, seconds: float) -> None:
        """Follow the Secret for ever; what is not valid yet is tried again after so long."""
        following = asyncio.create_task(self._mirror.run())
        try:
            while True:
                self._changed.clear()
                await self._reload.look()
                await asyncio.wait(
                    {following, waiting := asyncio.create_task(self._changed.wait())},
                    timeout=seconds,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                waiting.cancel()
                if following.done():
                    following.result()
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    def _read(self) -> Pair | None:
        held = self._mirror.held.get((self._secret.namespace, self._secret.name))
        return None if held is None else Pair(*held)

    def _try(self, pair: Pair | None) -> Tried:
        if pair is None:
            raise InputError(f"{self._secret} is gone")
        return _naming(str(self._secret), lambda: try_pair(pair, _now()))

    def _take(self, tried: Tried) -> None:
        self.certificate.show(tried)
        self.there.set()
        self._shown()


def _certificate(first: Tried | None, client_ca: Path | None) -> Certificate:
    if client_ca is None:
        return Certificate(first)
    ca = read_pem(client_ca)
    return _naming(f"--client-ca {client_ca}", lambda: Certificate(first, client_ca=ca))


def _naming(what: str, make: Callable[[], Made]) -> Made:
    """Make something of what was read; an error says of what."""
    try:
        return make()
    except InputError as error:
        raise InputError(f"{what}: {error}") from error


def _now() -> datetime:
    return datetime.now(UTC)
