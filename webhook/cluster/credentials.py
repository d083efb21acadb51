"""How `Api` is logged in at this moment, for a library that has a connection of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from webhook.cluster.api import Api

_BEARER = "BearerToken"


class ClusterLogin(msgspec.Struct, frozen=True, kw_only=True):
    """The names are those of kopf's `ConnectionInfo`; files are PEM."""

    server: str
    ca_path: str | None = None
    insecure: bool | None = None
    certificate_path: str | None = None
    private_key_path: str | None = None
    scheme: str | None = None
    token: str | None = None
    proxy_url: str | None = None

    def __repr__(self) -> str:
        """Without the token."""
        return f"<ClusterLogin {self.server}>"


async def cluster_login(api: Api) -> ClusterLogin:
    """The login as it is now: tokens of ServiceAccounts are replaced every hour."""
    headers: dict[str, str] = {}
    await api.client.update_params_for_auth(headers, [], [_BEARER], "", "GET", None)
    scheme, _, token = headers.get("authorization", "").partition(" ")
    configuration = api.client.configuration
    return ClusterLogin(
        server=api.server,
        ca_path=configuration.ssl_ca_cert or None,
        insecure=not configuration.verify_ssl,
        certificate_path=configuration.cert_file or None,
        private_key_path=configuration.key_file or None,
        scheme=scheme or None,
        token=token or None,
        proxy_url=configuration.proxy or None,
    )
