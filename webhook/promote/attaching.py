"""Attaching to an image in a registry that keeps no list of what is attached: the tag.

The spec has no way to change a tag only if nobody else did. So the list is read again after it was
written, and written again where an entry is missing: whoever attaches at the same time does it
too, and both end when both entries are there.
"""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Reason
from webhook.errors import UnavailableError
from webhook.registry.content import digest_of
from webhook.registry.documents import document
from webhook.registry.referrers import fallback_tag, read_entries, tagged_index
from webhook.registry.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.registry.access import Access

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
_SECONDS = 60.0
_TRIES = 8
_LOOKS = 2
"""Times that the entry must be found in a row: the first look may come before another's write."""
_PAUSE_SECONDS = 0.2


async def list_under_tag(target: Access, subject: str, entry: Mapping[str, object]) -> None:
    """Add an entry to the list of what is attached to `subject`; what stands there stays.

    Args:
        target: the repository of both.
        subject: the digest of the image.
        entry: a descriptor, with `artifactType` (image-spec descriptor.md).

    Raises:
        RegistryError: it could not be written, or was overwritten again and again.
    """
    seen = 0
    for _ in range(_TRIES):
        index = await tagged_index(target, subject, _SECONDS)
        body = b"" if index is None else index.body
        held = {one.descriptor.digest for one in read_entries(body)} if body else set()
        if entry["digest"] in held:
            seen += 1
            if seen == _LOOKS:
                return
        else:
            seen = 0
            await _write(target, subject, body, entry)
        await asyncio.sleep(_PAUSE_SECONDS * random.random())  # noqa: S311 - no secret
    raise UnavailableError(
        Reason.UNREACHABLE,
        f"{target.repository}:{fallback_tag(subject)} is overwritten by somebody else as soon as "
        "it is written",
    )


async def _write(target: Access, subject: str, body: bytes, entry: Mapping[str, object]) -> None:
    entries = document(body, "the list of what is attached")["manifests"] if body else []
    entries = [*entries, entry] if isinstance(entries, list) else [entry]
    written = msgspec.json.encode(
        {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": entries}
    )
    await Uploads(target).put_manifest(
        fallback_tag(subject), written, INDEX_TYPE, digest_of(written)
    )
