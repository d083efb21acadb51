"""Lists of objects, a page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

import msgspec

from webhook.cluster.api import TOO_LARGE, TOO_SLOW, decode
from webhook.cluster.metadata import ListMetadata
from webhook.errors import ClusterError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from webhook.cluster.api import Api
    from webhook.cluster.kinds import Kind

T = TypeVar("T")

PAGE = 500
"""Objects asked for at one time: 2 MB of Pods, and little work for the API server. Fewer where they
are larger: each may have megabytes, and whoever may write some must not keep us from reading. Fewer
too where it takes too long: many of us may ask at once, and nobody must begin anew for ever."""
_FEWER = 8


class Page(msgspec.Struct, Generic[T]):
    """Part of a list."""

    metadata: ListMetadata
    items: list[T]

    @property
    def version(self) -> str:
        """What the list is a picture of; a watch goes on from there. The same on every page."""
        return self.metadata.resource_version


def selectors(fields: str, labels: str) -> dict[str, str]:
    """The query that narrows a list or a watch."""
    query: dict[str, str] = {}
    if fields:
        query["fieldSelector"] = fields
    if labels:
        query["labelSelector"] = labels
    return query


async def list_pages(
    api: Api,
    kind: Kind,
    item: type[T],
    *,
    namespace: str = "",
    fields: str = "",
    labels: str = "",
    limit: int = PAGE,
) -> AsyncIterator[Page[T]]:
    """All objects of a kind, as they are now.

    Args:
        api: the cluster.
        kind: of the objects.
        item: what each is decoded into; only its fields are read.
        namespace: only there; empty: everywhere.
        fields: field selector.
        labels: label selector.
        limit: objects in a page.

    Raises:
        ClusterError: it cannot be listed; reason `Expired` where the list took longer than the API
            server remembers, and the whole must be asked for anew.
    """
    path = kind.path(namespace)
    query = selectors(fields, labels) | {"limit": str(limit)}
    into = Page[item]  # type: ignore[valid-type]  # the type is a value here
    while True:
        try:
            page = decode(await api.read(path, query), into, path)
        except ClusterError as error:
            if error.reason not in {TOO_LARGE, TOO_SLOW} or limit == 1:
                raise
            limit = max(1, limit // _FEWER)
            query["limit"] = str(limit)
            continue
        token = page.metadata.continue_token
        yield page
        if not token:
            return
        query["continue"] = token
