"""Secrets, of which one key or two are read: logins to registries, and the serving certificate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.cluster.kinds import SECRETS
from webhook.cluster.mirror import HasMetadata, Mirror

if TYPE_CHECKING:
    from collections.abc import Callable

    from webhook.cluster.api import Api

_DOCKER_CONFIG = "kubernetes.io/dockerconfigjson"
_DOCKER_CONFIG_KEY = ".dockerconfigjson"
_CHAIN_KEY = "tls.crt"
_PRIVATE_KEY = "tls.key"


class Secret(HasMetadata):
    """A Secret, as far as it is read."""

    data: dict[str, bytes] | None = None
    """Out of base64."""

    def value(self, key: str) -> bytes:
        """What stands under a key; empty where nothing does."""
        return (self.data or {}).get(key, b"")


def docker_configs(api: Api, namespace: str) -> Mirror[bytes]:
    """The docker config JSON of every Secret of that type in a namespace."""
    return Mirror(
        api,
        SECRETS,
        Secret,
        lambda secret: secret.value(_DOCKER_CONFIG_KEY),
        namespace=namespace,
        fields=f"type={_DOCKER_CONFIG}",
    )


def tls_pair(
    api: Api, namespace: str, name: str, *, changed: Callable[[], None]
) -> Mirror[tuple[bytes, bytes]]:
    """Certificate chain and key of one Secret, PEM both; empty where it does not have them."""
    return Mirror(
        api,
        SECRETS,
        Secret,
        lambda secret: (secret.value(_CHAIN_KEY), secret.value(_PRIVATE_KEY)),
        namespace=namespace,
        # Who may read one Secret by its name may list and watch by this, and nothing else.
        fields=f"metadata.name={name}",
        changed=lambda _key, _value: changed(),
    )
