"""Lists that a registry keeps: its repositories, the tags of one (distribution-spec, «Listing»)."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from webhook.core.facts import Reason
from webhook.core.printable import printable
from webhook.errors import UnavailableError
from webhook.registry.documents import bad, document
from webhook.registry.exchange import Request
from webhook.registry.failures import failure
from webhook.registry.referrers import next_page
from webhook.registry.url import Url

if TYPE_CHECKING:
    from webhook.registry.access import Access

MAX_TAGS = 20_000
MAX_REPOSITORIES = 20_000
_MAX_PAGES = 500
_MAX_PAGE = 4 * 1024 * 1024
_OK = 200
_SECONDS = 120.0
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}", re.ASCII)
_NAME = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+|/)[a-z0-9]+)*", re.ASCII)


async def tags_of(access: Access) -> list[str]:
    """All tags of a repository; none where it has none, or is not there any more.

    Raises:
        RegistryError: they were not told, or are more than anybody has.
    """
    try:
        return await _all(access, f"/v2/{access.repository}/tags/list", "tags", _TAG, MAX_TAGS)
    except UnavailableError as error:
        if error.reason is Reason.NOT_FOUND:
            return []
        raise


async def repositories_of(access: Access, prefix: str) -> list[str]:
    """All repositories whose name begins with a prefix, from the registry's catalog.

    Raises:
        RegistryError: many registries tell no catalog, or not to everybody.
    """
    names = await _all(access, "/v2/_catalog", "repositories", _NAME, MAX_REPOSITORIES)
    return [name for name in names if name.startswith(prefix)]


async def _all(
    access: Access, path: str, key: str, pattern: re.Pattern[str], limit: int
) -> list[str]:
    deadline = asyncio.get_running_loop().time() + _SECONDS
    url = Url(access.origin, path, "n=1000")
    found: dict[str, None] = {}
    for _ in range(_MAX_PAGES):
        request = Request(
            url=url, accept="application/json", max_bytes=_MAX_PAGE, deadline=deadline
        )
        response = await access.transport.send(request)
        what = f"{key} of {access.repository or access.origin.authority}"
        if response.status != _OK:
            raise failure(response, what)
        names = document(response.body, what).get(key)
        for name in names if isinstance(names, list) else ():
            if not isinstance(name, str) or not pattern.fullmatch(name):
                raise bad(f"{what}: {printable(str(name), 100)!r} is no name")
            found[name] = None
        if len(found) > limit:
            raise bad(f"{what} are more than {limit}")
        further = next_page(url, response.all("link"))
        if further is None:
            return sorted(found)
        url = further
    raise bad(f"{access.origin.authority} has no end of its list of {key}")
