"""What is attached to an image: the referrers API, and the tag where there is none.

Whatever such a list says of its entries is nobody's word (some registries put the type of the
config in the place of the artifact's): each entry has to be opened by whoever counts it.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Reason
from webhook.core.image import is_digest
from webhook.errors import UnavailableError
from webhook.registry.content import Served
from webhook.registry.documents import bad, document, text_of
from webhook.registry.exchange import Request, Response
from webhook.registry.failures import failure
from webhook.registry.manifests import INDEX_TYPES, MANIFEST_TYPES, MAX_MANIFEST, Descriptor, bare
from webhook.registry.url import Url, follow

if TYPE_CHECKING:
    from webhook.registry.access import Access

MAX_ENTRIES = 1000
_MAX_PAGES = 10
_OK = 200
_NO_API = frozenset({400, 404, 405, 406, 501})
"""What registries without the API say; the spec knows only 404."""
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,]*\brel="?next"?', re.ASCII | re.IGNORECASE)
_ALGORITHM, _ENCODED = 32, 64
"""Characters that the tag keeps (distribution-spec, «Referrers Tag Schema»)."""


class Referrer(msgspec.Struct, frozen=True):
    """One entry of a list."""

    descriptor: Descriptor
    artifact_type: str
    """As the list says."""


class Referrers(msgspec.Struct, frozen=True):
    """What both lists hold, each digest once."""

    entries: tuple[Referrer, ...]
    api: bool
    """Whether the registry itself keeps a list: then nobody has to."""


def fallback_tag(digest: str) -> str:
    """The tag under which a list is kept where the registry keeps none.

    >>> fallback_tag("sha256:" + "ab" * 32)[:13]
    'sha256-ababab'
    """
    algorithm, _, encoded = digest.partition(":")
    return f"{algorithm[:_ALGORITHM]}-{encoded[:_ENCODED]}"


async def referrers(access: Access, digest: str, seconds: float) -> Referrers:
    """All that says it is attached to a digest.

    Both lists are read: a registry may be newer than what was attached to its images.

    Raises:
        RegistryError: a list could not be read.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    listed = await from_api(access, digest, deadline)
    tagged = await tagged_index(access, digest, seconds)
    entries = list(listed or ())
    if tagged is not None:
        entries += read_entries(tagged.body)
    found = {one.descriptor.digest: one for one in reversed(entries)}
    return Referrers(tuple(reversed(found.values())), listed is not None)


async def tagged_index(access: Access, digest: str, seconds: float) -> Served | None:
    """The list behind the tag; None where there is none.

    Raises:
        RegistryError: that could not be told.
    """
    try:
        served = await access.reading(seconds).by_tag(fallback_tag(digest))
    except UnavailableError as error:
        if error.reason is Reason.NOT_FOUND:
            return None
        raise
    return served if bare(served.media_type) in INDEX_TYPES else None


def read_entries(body: bytes) -> list[Referrer]:
    """The entries of a list that could be manifests; the others are left out.

    Raises:
        BadContentError: it is no index, or a very long one.
    """
    found = document(body, "the list of what is attached")
    entries = found.get("manifests")
    if not isinstance(entries, list) or len(entries) > MAX_ENTRIES:
        raise bad(f"the list of what is attached is none, or has more than {MAX_ENTRIES} entries")
    return [one for entry in entries if (one := _entry(entry)) is not None]


def _entry(entry: object) -> Referrer | None:
    if not isinstance(entry, dict):
        return None
    digest, size = text_of(entry, "digest"), entry.get("size")
    kind = bare(text_of(entry, "mediaType"))
    usable = is_digest(digest) and kind in MANIFEST_TYPES | INDEX_TYPES
    if not usable or type(size) is not int or not 0 <= size <= MAX_MANIFEST:
        return None
    return Referrer(Descriptor(kind, digest, size), text_of(entry, "artifactType"))


async def from_api(access: Access, digest: str, deadline: float) -> list[Referrer] | None:
    """What the API says; None where there is no such API.

    Raises:
        RegistryError: the list could not be read.
    """
    url = Url(access.origin, f"/v2/{access.repository}/referrers/{digest}")
    found: list[Referrer] = []
    for _ in range(_MAX_PAGES):
        request = Request(
            url=url, accept=", ".join(INDEX_TYPES), max_bytes=MAX_MANIFEST, deadline=deadline
        )
        response = await access.transport.send(request)
        if response.status in _NO_API or not _is_index(response):
            return None
        if response.status != _OK:
            raise failure(response, f"what is attached to {access.repository}@{digest[:19]}…")
        found += read_entries(response.body)
        further = next_page(url, response.all("link"))
        if further is None or len(found) > MAX_ENTRIES:
            return found
        url = further
    return found


def _is_index(response: Response) -> bool:
    """Not where a proxy answers whatever it is asked with a page of its own."""
    kind = bare(response.header("content-type") or "")
    return response.status != _OK or kind in INDEX_TYPES


def next_page(url: Url, links: list[str]) -> Url | None:
    """The next page; never at another origin, where our credentials would go."""
    match = next((match for link in links if (match := _NEXT.search(link))), None)
    if match is None:
        return None
    further = follow(url, match[1])
    if further.origin != url.origin:
        raise bad(f"{url.origin.authority} continues its list at {further.origin.authority}")
    return further
