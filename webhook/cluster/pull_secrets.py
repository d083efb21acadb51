"""The pull secrets of a Pod, read one by one when its image asks for a login.

Read by name and never listed: the right to `get` shows what somebody can already name, and it can
be granted for some names only. They are read in the namespace of the Pod and nowhere else.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.kinds import SECRETS, SERVICE_ACCOUNTS
from webhook.core.printable import printable
from webhook.core.pull_secret import PullSecret
from webhook.core.resource_fields import is_name
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from typing import Any

    from webhook.cluster.api import Api
    from webhook.core.workload import Workload

_KEYS = {
    "kubernetes.io/dockerconfigjson": ".dockerconfigjson",
    "kubernetes.io/dockercfg": ".dockercfg",
}
"""Which key is read of which type; other Secrets hold no logins (kubelet, credentialprovider)."""
_DEFAULT_ACCOUNT = "default"
_MOST = 8
"""Of one Pod."""
_KEPT_SECONDS = 30.0
_MOST_KEPT = 1024
_FORBIDDEN = 403
_NOT_FOUND = 404


class _Secret(msgspec.Struct, frozen=True):
    type: str = ""
    data: dict[str, bytes] | None = None

    def __repr__(self) -> str:
        return "_Secret(…)"


class _Reference(msgspec.Struct, frozen=True):
    name: str = ""


class _Account(msgspec.Struct, frozen=True, rename="camel"):
    image_pull_secrets: list[_Reference] = []


class PullSecrets:
    """Reads pull secrets, and keeps each for half a minute: a rollout asks a hundred times."""

    def __init__(
        self,
        api: Api,
        names: frozenset[str] | None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is read yet.

        Args:
            api: the cluster.
            names: the only names that are read, in any namespace; None: all.
            monotonic: seconds that never go back.
        """
        self._api = api
        self._names = names
        self._monotonic = monotonic
        self._kept: OrderedDict[tuple[str, str, str], tuple[asyncio.Task[Any], float]] = (
            OrderedDict()
        )

    async def of(self, workload: Workload) -> Sequence[PullSecret]:
        """The pull secrets of a workload, in the order in which a kubelet tries them.

        Those of its ServiceAccount count where it names none itself: so does the API server when it
        copies them into a Pod (ServiceAccount admission). Each that cannot be read says why.
        """
        namespace = workload.namespace
        if not namespace:
            return ()
        wanted = workload.pull_secrets
        if not wanted:
            name = workload.service_account or _DEFAULT_ACCOUNT
            wanted = await self._once("account", namespace, name, self._account)
        names = list(dict.fromkeys(name for name in wanted if name))[:_MOST]
        return [await self._once("secret", namespace, name, self._secret) for name in names]

    async def close(self) -> None:
        """End what is being read, and forget the rest."""
        tasks = [task for task, _ in self._kept.values()]
        self._kept.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _once(
        self,
        kind: str,
        namespace: str,
        name: str,
        read: Callable[[str, str], Coroutine[Any, Any, Any]],
    ) -> Any:
        """What was read a moment ago or is being read now, or a new reading."""
        key = (kind, namespace, name)
        now = self._monotonic()
        task, until = self._kept.get(key, (None, 0.0))
        if task is None or now >= until:
            task = asyncio.ensure_future(read(namespace, name))
            self._kept[key] = (task, now + _KEPT_SECONDS)
            self._kept.move_to_end(key)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        return await asyncio.shield(task)

    async def _account(self, namespace: str, name: str) -> tuple[str, ...]:
        if not is_name(name):
            return ()
        try:
            account = await self._api.get(SERVICE_ACCOUNTS.path(namespace, name), _Account)
        except ClusterError:
            # Without its account there will be no Pod either.
            return ()
        return tuple(reference.name for reference in account.image_pull_secrets)

    async def _secret(self, namespace: str, name: str) -> PullSecret:
        shown = f"{namespace}/{printable(name, 253)}"

        def unusable(why: str) -> PullSecret:
            return PullSecret(shown, problem=f"the pull secret {shown} {why}")

        if self._names is not None and name not in self._names:
            return unusable("is none of those that Cocket may read")
        if not is_name(name):
            return unusable("has a name that no Secret has")
        try:
            secret = await self._api.get(SECRETS.path(namespace, name), _Secret)
        except ClusterError as error:
            if error.status == _NOT_FOUND:
                return unusable("is not there")
            if error.status == _FORBIDDEN:
                return unusable("may not be read by Cocket (RBAC)")
            return unusable("could not be read")
        key = _KEYS.get(secret.type)
        config = (secret.data or {}).get(key or "", b"")
        if key is None or not config:
            return unusable("is of no type that holds logins, or holds none")
        return PullSecret(shown, config)
