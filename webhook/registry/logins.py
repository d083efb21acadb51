"""The credentials of each Registry, out of the file or the Secret that it names."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from webhook.core.facts import Reason
from webhook.core.printable import printable
from webhook.errors import InvalidPolicyError, UnavailableError
from webhook.registry.credentials import MAX_FILE, Credential, Held, load_keyring, read_keyring
from webhook.registry.keyring import Keyring

if TYPE_CHECKING:
    from webhook.core.registries import Registry
    from webhook.registry.cloud.logins import CloudLogins
    from webhook.registry.credentials import Secrets

_MAX_KEPT = 1024

_State: TypeAlias = tuple[int, ...] | bytes
"""What changes when the credentials do: size and times of a file, the bytes of a Secret."""


class Logins:
    """Reads credentials again only where they changed: they are replaced while we run."""

    def __init__(self, secrets: Secrets | None = None, cloud: CloudLogins | None = None) -> None:
        """Nothing is read yet; what is not given cannot be asked."""
        self._secrets = secrets
        self._cloud = cloud
        self._kept: OrderedDict[str, tuple[_State, Keyring[Credential]]] = OrderedDict()

    async def of(self, name: str, registry: Registry) -> list[Held]:
        """The credentials of a Registry that fit an image, to be tried in turn.

        Args:
            name: registry and repository, without tag and digest.
            registry: which names a file, a Secret or neither.

        Raises:
            UnavailableError: they cannot be used; the message names file or Secret and field, and
                holds nothing of what stands there.
        """
        if registry.provider:
            return await self._of_cloud(name, registry)
        if not registry.docker_config_file and not registry.secret_name:
            return []
        secret, file = registry.secret_name, registry.docker_config_file
        try:
            keyring = self._of_secret(secret) if secret else await self._of_file(file)
        except InvalidPolicyError as error:
            raise UnavailableError(
                Reason.UNAUTHORIZED,
                f"the credentials of Registry {registry.name!r} cannot be used: "
                f"{printable(str(error))}",
            ) from error
        source = f"Secret {secret}" if secret else printable(file, 200)
        return [
            Held(one, f"the login in {source} of Registry {registry.name}")
            for one in keyring.lookup(name)
        ]

    def forget(self, registry: Registry) -> bool:
        """A registry refused a login. True where a cloud may give a better one."""
        return (
            bool(registry.provider)
            and self._cloud is not None
            and self._cloud.forget(registry.provider, registry.host)
        )

    async def close(self) -> None:
        """End what is being asked."""
        if self._cloud is not None:
            await self._cloud.close()

    async def _of_cloud(self, name: str, registry: Registry) -> list[Held]:
        if self._cloud is None:
            raise UnavailableError(
                Reason.UNAUTHORIZED, f"nobody here knows the cloud of Registry {registry.name!r}"
            )
        host = name.partition("/")[0]
        return await self._cloud.of(registry.provider, host, registry.name)

    def _of_secret(self, secret: str) -> Keyring[Credential]:
        if self._secrets is None:
            raise InvalidPolicyError(f"Secret {secret}: only in a cluster are there Secrets")
        body = self._secrets(secret)
        if body is None:
            raise InvalidPolicyError(
                f"Secret {secret}: there is none of type kubernetes.io/dockerconfigjson "
                "in Cocket's namespace"
            )
        return self._kept_or_read(f"Secret {secret}", body)

    async def _of_file(self, file: str) -> Keyring[Credential]:
        state, keyring = await asyncio.to_thread(_load, file, self._kept.get(file))
        self._keep(file, state, keyring)
        return keyring

    def _kept_or_read(self, place: str, body: bytes) -> Keyring[Credential]:
        kept = self._kept.get(place)
        if kept is not None and kept[0] == body:
            return kept[1]
        if len(body) > MAX_FILE:
            raise InvalidPolicyError(f"{place}: longer than {MAX_FILE} bytes")
        try:
            keyring = read_keyring(body)
        except InvalidPolicyError as error:
            raise InvalidPolicyError(f"{place}: {error}") from error
        self._keep(place, body, keyring)
        return keyring

    def _keep(self, place: str, state: _State, keyring: Keyring[Credential]) -> None:
        self._kept[place] = (state, keyring)
        if len(self._kept) > _MAX_KEPT:
            self._kept.popitem(last=False)


def _load(
    file: str, kept: tuple[_State, Keyring[Credential]] | None
) -> tuple[_State, Keyring[Credential]]:
    """The keyring of a file, read only if it changed."""
    path = Path(file)
    try:
        status = path.stat()
    except OSError as error:
        raise InvalidPolicyError(f"{path}: cannot be read: {error.strerror}") from error
    state = (status.st_mtime_ns, status.st_size, status.st_ino)
    if kept is not None and kept[0] == state:
        return kept
    return state, load_keyring(path)
