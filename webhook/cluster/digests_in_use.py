"""Which digests a cluster uses, as its operator has recorded them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.cluster.kinds import IMAGE_FACTS
from webhook.cluster.lists import list_pages
from webhook.cluster.mirror import HasMetadata
from webhook.core.image import is_digest

if TYPE_CHECKING:
    from webhook.cluster.api import Api


class _Platform(msgspec.Struct):
    digest: str = ""


class _Spec(msgspec.Struct):
    platforms: tuple[_Platform, ...] = ()


class _Item(HasMetadata):
    spec: _Spec = msgspec.field(default_factory=_Spec)


async def digests_in_use(api: Api) -> frozenset[str]:
    """The digests of all ImageFacts, and of their platforms.

    A record stays for a while after the last Pod is gone; it counts until then.

    Raises:
        ClusterError: they could not be read, all of them.
    """
    found: set[str] = set()
    async for page in list_pages(api, IMAGE_FACTS, _Item):
        for item in page.items:
            found.add(item.metadata.name.replace("-", ":", 1))
            found.update(one.digest for one in item.spec.platforms)
    return frozenset(filter(is_digest, found))
