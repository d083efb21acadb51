"""The serving certificate: read as one snapshot, tried before use, swapped without a break."""

from __future__ import annotations

import os
import ssl
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from webhook.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

_MAX_FILE = 1024 * 1024


class Pair(msgspec.Struct, frozen=True):
    """A certificate chain and its key, as PEM."""

    chain: bytes
    key: bytes

    def __repr__(self) -> str:
        """Without the key: it must not get into a traceback or a log."""
        return f"Pair({len(self.chain)} bytes, key hidden)"


class Tried(msgspec.Struct, frozen=True):
    """A pair that can be shown."""

    context: ssl.SSLContext
    expires: datetime
    """When the leaf does."""
    fingerprint: str = ""
    """SHA-256 of the leaf in DER form, hexadecimal."""


class Certificate:
    """What the server shows to its peers; `show` changes it for connections to come.

    `context` stays the same for the server's whole life and holds what is asked of clients. Each
    handshake is switched to the pair of the moment by the SNI callback, which OpenSSL calls with
    and without a server name. (Loading a pair into a live context is worse: a broken pair leaves
    it unusable, and after a change from RSA to ECDSA it holds both.)
    """

    def __init__(self, first: Tried | None, *, client_ca: bytes = b"") -> None:
        """Begin with `first`.

        Args:
            first: what is shown until `show` is called; without it no handshake succeeds before.
            client_ca: PEM; clients may then show a certificate, which must come from it.

        Raises:
            InputError: the client CA cannot be used.
        """
        self.context = _bare_context() if first is None else first.context
        self.asks_clients = bool(client_ca)
        self._client_ca = client_ca
        self._shown = first
        self._ask_clients(self.context)
        self.context.sni_callback = self._choose

    @property
    def expires(self) -> datetime | None:
        """When the certificate that is shown now expires; None while there is none."""
        return None if self._shown is None else self._shown.expires

    @property
    def fingerprint(self) -> str:
        """SHA-256 of what is shown now, in DER form, hexadecimal; empty while there is none."""
        return "" if self._shown is None else self._shown.fingerprint

    def show(self, tried: Tried) -> None:
        """Show another pair from now on; open connections are left alone."""
        # Whether a client is asked is a matter of the first context, and whom it may name as its
        # CA is one of the context that it is switched to: OpenSSL splits them, so both have both.
        self._ask_clients(tried.context)
        self._shown = tried

    def _ask_clients(self, context: ssl.SSLContext) -> None:
        if not self._client_ca:
            return
        # Not required: probes come without one. Who needs one is told by the application.
        context.verify_mode = ssl.CERT_OPTIONAL
        try:
            context.load_verify_locations(cadata=self._client_ca.decode("ascii"))
        except (ssl.SSLError, ValueError) as error:
            raise InputError("the client CA is no certificate in PEM form") from error

    def _choose(self, handshake: ssl.SSLObject, _name: str | None, _base: ssl.SSLContext) -> None:
        # Without a pair OpenSSL ends the handshake by itself: there is nothing to show.
        if self._shown is not None:
            handshake.context = self._shown.context


def try_pair(pair: Pair, now: datetime) -> Tried:
    """Load a pair into a context of its own, where it can break nothing.

    Raises:
        InputError: it cannot be used at this time; says why.
    """
    context = _context(pair)
    leaf = _leaf(pair, now)
    return Tried(context, leaf.not_valid_after_utc, leaf.fingerprint(SHA256()).hex())


def read_pair(chain: Path, key: Path) -> Pair:
    """Read both files; blocks.

    Raises:
        InputError: a file cannot be read.
    """
    return Pair(read_pem(chain), read_pem(key))


def read_pem(path: Path) -> bytes:
    """Read one file; blocks.

    Raises:
        InputError: it cannot be read, or is far too large.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > _MAX_FILE:
        raise InputError(f"{path}: is too large for a certificate or a key")
    return content


def _bare_context() -> ssl.SSLContext:
    """A context without a pair."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # A resumed session would go on showing the certificate that it began with.
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    return context


def _context(pair: Pair) -> ssl.SSLContext:
    """A context with this pair and nothing else.

    Raises:
        InputError: chain and key do not belong together, or one of them is malformed.
    """
    context = _bare_context()
    try:
        with _private_file(pair.chain.rstrip() + b"\n" + pair.key) as path:
            context.load_cert_chain(path, password=_no_password)
    except (ssl.SSLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or "is it PEM, without a password?"
        raise InputError(f"certificate and key cannot be used together: {reason}") from error
    return context


# The library does not derive them from ValueError.
_UNREADABLE = (
    ValueError,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


def _leaf(pair: Pair, now: datetime) -> x509.Certificate:
    """The first certificate of the chain.

    Raises:
        InputError: it is not valid now, or names nobody.
    """
    try:
        leaf = x509.load_pem_x509_certificates(pair.chain)[0]
        leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except _UNREADABLE as error:
        raise InputError("the certificate cannot be read") from error
    except x509.ExtensionNotFound as error:
        raise InputError(
            "the certificate has no subject alternative name; API servers look at nothing else"
        ) from error
    if leaf.not_valid_after_utc <= now:
        raise InputError(f"the certificate expired at {leaf.not_valid_after_utc:%F %H:%M} UTC")
    if leaf.not_valid_before_utc > now:
        raise InputError(
            f"the certificate is not valid before {leaf.not_valid_before_utc:%F %H:%M} UTC"
        )
    return leaf


@contextmanager
def _private_file(content: bytes) -> Iterator[str]:
    """A path under which OpenSSL finds `content` for a moment, and nobody else ever.

    OpenSSL reads a chain only from a path. In memory where the system can do that, else in a file
    that only we may read and that is gone at once.
    """
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("pair", os.MFD_CLOEXEC)
        try:
            os.write(descriptor, content)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(content)
        file.flush()
        yield file.name


def _no_password() -> str:
    # Without this OpenSSL would ask on the terminal, and the server would hang.
    raise ValueError("the key has a password")
