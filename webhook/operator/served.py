"""Whether the cluster serves our own kinds yet: they may be installed a moment after us."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import msgspec

from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webhook.cluster.api import Api
    from webhook.cluster.kinds import Kind

_LOOK_SECONDS = 2.0
_NOT_FOUND = 404

_log = logging.getLogger(__name__)


class _Resource(msgspec.Struct):
    name: str


class _Resources(msgspec.Struct):
    """meta/v1 APIResourceList."""

    resources: list[_Resource]


async def until_served(api: Api, kinds: Sequence[Kind]) -> None:
    """Return when all are served.

    Raises:
        ClusterError: the API server does not say.
    """
    said = False
    while missing := await _missing(api, kinds):
        if not said:
            _log.warning(
                "the cluster does not serve %s; install the chart's custom resource definitions",
                ", ".join(missing),
            )
        said = True
        await asyncio.sleep(_LOOK_SECONDS)


async def _missing(api: Api, kinds: Iterable[Kind]) -> list[str]:
    found: dict[str, set[str]] = {}
    missing: list[str] = []
    for kind in kinds:
        path = kind.group_path
        if path not in found:
            found[path] = await _names(api, path)
        if kind.plural not in found[path]:
            missing.append(f"{kind.plural}.{kind.group}")
    return missing


async def _names(api: Api, path: str) -> set[str]:
    try:
        return {one.name for one in (await api.get(path, _Resources)).resources}
    except ClusterError as error:
        if error.status == _NOT_FOUND:
            return set()
        raise
