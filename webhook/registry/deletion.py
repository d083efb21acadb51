"""Deleting from one repository, by digest and never by tag (distribution-spec, «Deleting»)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from webhook.core.facts import Reason
from webhook.errors import UnavailableError
from webhook.registry.exchange import Request
from webhook.registry.failures import failure
from webhook.registry.url import Url

if TYPE_CHECKING:
    from webhook.registry.access import Access

ACTIONS = "pull,delete"
"""What a token must be for (distribution docs, «scope»)."""
_GOOD = frozenset({200, 202, 204})
_GONE = 404
_DOES_NOT = frozenset({400, 405, 501})
_SECONDS = 60.0


async def delete_manifest(access: Access, digest: str) -> bool:
    """Delete a manifest, and every tag that points to it; False where it was gone already.

    Raises:
        RegistryError: it was not deleted; reason `unauthorized` also where the registry deletes
            nothing at all.
    """
    request = Request(
        method="DELETE",
        url=Url(access.origin, f"/v2/{access.repository}/manifests/{digest}"),
        max_bytes=64 * 1024,
        deadline=asyncio.get_running_loop().time() + _SECONDS,
    )
    response = await access.transport.send(request)
    if response.status in _DOES_NOT:
        raise UnavailableError(
            Reason.UNAUTHORIZED,
            f"{access.origin.authority} deletes nothing ({response.status}): its owner must allow "
            "it (REGISTRY_STORAGE_DELETE_ENABLED), or it has retention rules of its own",
        )
    if response.status == _GONE:
        return False
    if response.status not in _GOOD:
        raise failure(response, f"the deletion of {access.repository}@{digest[:19]}…")
    return True
