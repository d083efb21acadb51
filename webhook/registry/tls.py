"""Who is believed to be whom: the TLS settings for one host."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Reason
from webhook.errors import UnavailableError

if TYPE_CHECKING:
    from webhook.registry.reach import Reach
    from webhook.registry.url import Origin


class _Trust(msgspec.Struct, frozen=True):
    ca_bundle: str
    own: bool
    insecure: bool


class Contexts:
    """TLS contexts, made once each: reading the system's roots takes tens of milliseconds."""

    def __init__(self) -> None:
        """None is made before it is asked for."""
        self._made: dict[_Trust, ssl.SSLContext] = {}

    def of(self, reach: Reach, origin: Origin) -> ssl.SSLContext:
        """TLS settings for one host: at least 1.2, HTTP/1.1, the host's name compared.

        The registry's own hosts are believed by its bundle alone, where it has one. A stranger that
        a redirect leads to may also have a public certificate, and is never excused from one.

        Raises:
            UnavailableError: the bundle holds no certificate.
        """
        own = reach.owns(origin)
        trust = _Trust(reach.ca_bundle, own, own and reach.insecure_skip_verify)
        if trust not in self._made:
            self._made[trust] = _context(trust)
        return self._made[trust]


def _context(trust: _Trust) -> ssl.SSLContext:
    # Around the certificates stands text for people, in any language; OpenSSL takes ASCII only.
    bundle = trust.ca_bundle.encode("ascii", "replace").decode()
    try:
        context = ssl.create_default_context(cadata=bundle or None)
    except (ssl.SSLError, ValueError) as error:
        raise UnavailableError(
            Reason.UNTRUSTED_TLS, "tls.caBundle of its Registry holds no PEM certificate"
        ) from error
    if trust.ca_bundle and not trust.own:
        context.load_default_certs()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if trust.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
