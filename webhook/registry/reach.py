"""How far one registry reaches: which hosts are its own, and what is excused there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Reason
from webhook.core.printable import printable
from webhook.errors import UnavailableError
from webhook.registry.url import Origin, parse_origin, registry_origin

if TYPE_CHECKING:
    from webhook.core.image import ImageRef
    from webhook.core.registries import Registry

_TOKEN_HOSTS = {
    "docker.io": "auth.docker.io",
    "registry.gitlab.com": "gitlab.com",
    "nvcr.io": "authn.nvidia.com",
}
"""Registries whose token service is elsewhere, pair by pair. Never a list of trusted hosts: each
of these may be trusted with the credentials of its own registry only."""


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """One registry as the client sees it."""

    origin: Origin
    token_origins: tuple[Origin, ...] = ()
    """Where its credentials may go beside the registry itself."""
    private: bool = False
    """Whether its own hosts may have private addresses."""
    ca_bundle: str = ""
    """PEM text; empty for the system's roots."""
    insecure_skip_verify: bool = False

    def owns(self, origin: Origin) -> bool:
        """True for the registry itself and for its token service.

        Compared are host and port: a registry over plain HTTP may have its tokens over HTTPS.
        """
        return any(
            (origin.host, origin.port) == (own.host, own.port)
            for own in (self.origin, *self.token_origins)
        )

    def trusts(self, origin: Origin) -> bool:
        """True where its credentials may go: its own hosts, and never from https to http."""
        return origin in (self.origin, *self.token_origins)


def reach_of(ref: ImageRef, registry: Registry) -> Reach:
    """Where the registry of an image is, and what its settings excuse.

    Raises:
        UnavailableError: the name is in the grammar of images and no host on any network.
    """
    origin = registry_origin(ref.registry, plain_http=registry.plain_http)
    if origin is None:
        raise UnavailableError(
            Reason.UNREACHABLE, f"{printable(ref.registry, 100)!r} is no host that can be contacted"
        )
    return Reach(
        origin=origin,
        token_origins=_token_origins(registry, origin),
        private=registry.allow_private_addresses,
        ca_bundle=registry.ca_bundle,
        insecure_skip_verify=registry.insecure_skip_verify,
    )


def _token_origins(registry: Registry, origin: Origin) -> tuple[Origin, ...]:
    found: list[Origin] = []
    if registry.token_realm:
        schemes = ("https",) if origin.scheme == "https" else ("https", "http")
        found += [
            realm for scheme in schemes if (realm := parse_origin(scheme, registry.token_realm))
        ]
    if registry.host in _TOKEN_HOSTS:
        found.append(Origin("https", _TOKEN_HOSTS[registry.host], 443))
    if origin.scheme == "http":
        found.append(Origin("https", origin.host, origin.port))
    return tuple(found)
