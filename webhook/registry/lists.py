"""Lists that a registry keeps: its repositories, the tags of one (distribution-spec, «Listing»)."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Reason
from webhook.core.image import is_digest
from webhook.core.printable import printable
from webhook.errors import UnavailableError
from webhook.registry.documents import bad, document
from webhook.registry.exchange import Request
from webhook.registry.failures import failure
from webhook.registry.referrers import next_page
from webhook.registry.url import Url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from webhook.registry.access import Access

MAX_TAGS = 20_000
MAX_REPOSITORIES = 20_000
_MAX_PAGES = 500
_MAX_PAGE = 4 * 1024 * 1024
_OK = 200
_SECONDS = 120.0
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}", re.ASCII)
_NAME = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+|/)[a-z0-9]+)*", re.ASCII)


class Listing(msgspec.Struct, frozen=True):
    """What a registry says that a repository holds."""

    tags: tuple[str, ...] = ()
    digests: tuple[str, ...] | None = None
    """Of all manifests, whether a tag leads to them or not; None where it lists tags alone, which
    is all that distribution-spec asks for."""


async def contents_of(access: Access) -> Listing:
    """All tags of a repository; none where it has none, or is not there any more.

    Artifact Registry and gcr.io list every manifest beside them, under `manifest` (as
    go-containerregistry reads it: pkg/v1/google/list.go).

    Raises:
        RegistryError: they were not told, or are more than anybody has.
    """
    what = f"tags of {access.repository}"
    tags: dict[str, None] = {}
    digests: dict[str, None] = {}
    listed = False
    try:
        async for page in _pages(access, f"/v2/{access.repository}/tags/list", what):
            tags |= _names(page.get("tags"), _TAG, what)
            manifests = page.get("manifest")
            if isinstance(manifests, dict):
                listed = True
                digests |= _digests(manifests, what)
            if max(len(tags), len(digests)) > MAX_TAGS:
                raise bad(f"{what} are more than {MAX_TAGS}")
    except UnavailableError as error:
        if error.reason is Reason.NOT_FOUND:
            return Listing()
        raise
    return Listing(tuple(sorted(tags)), tuple(sorted(digests)) if listed else None)


async def repositories_of(access: Access, prefix: str) -> list[str]:
    """All repositories whose name begins with a prefix, from the registry's catalog.

    Raises:
        RegistryError: many registries tell no catalog, or not to everybody.
    """
    what = f"repositories of {access.repository or access.origin.authority}"
    names: dict[str, None] = {}
    async for page in _pages(access, "/v2/_catalog", what):
        names |= _names(page.get("repositories"), _NAME, what)
        if len(names) > MAX_REPOSITORIES:
            raise bad(f"{what} are more than {MAX_REPOSITORIES}")
    return sorted(name for name in names if name.startswith(prefix))


async def _pages(access: Access, path: str, what: str) -> AsyncIterator[Mapping[str, object]]:
    deadline = asyncio.get_running_loop().time() + _SECONDS
    url = Url(access.origin, path, "n=1000")
    for _ in range(_MAX_PAGES):
        request = Request(
            url=url, accept="application/json", max_bytes=_MAX_PAGE, deadline=deadline
        )
        response = await access.transport.send(request)
        if response.status != _OK:
            raise failure(response, what)
        yield document(response.body, what)
        further = next_page(url, response.all("link"))
        if further is None:
            return
        url = further
    raise bad(f"{access.origin.authority} has no end of its list: {what}")


def _names(found: object, pattern: re.Pattern[str], what: str) -> dict[str, None]:
    names = found if isinstance(found, list) else []
    for name in names:
        if not isinstance(name, str) or not pattern.fullmatch(name):
            raise bad(f"{what}: {printable(str(name), 100)!r} is no name")
    return dict.fromkeys(names)


def _digests(found: Iterable[object], what: str) -> dict[str, None]:
    digests = [one for one in found if isinstance(one, str)]
    for one in digests:
        if not is_digest(one):
            raise bad(f"{what}: {printable(one, 100)!r} is no digest")
    return dict.fromkeys(digests)
