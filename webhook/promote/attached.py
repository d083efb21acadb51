"""What is attached to an image goes with it: signatures, attestations, lists of components."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Reason
from webhook.core.promotion import ARTIFACT_TYPE
from webhook.errors import UnavailableError
from webhook.promote.attaching import list_under_tag
from webhook.promote.copying import Copied, Copier, Document
from webhook.promote.grown import is_grown
from webhook.promote.parts import read_parts
from webhook.registry.content import Served
from webhook.registry.documents import bad
from webhook.registry.manifests import bare
from webhook.registry.referrers import Referrers, fallback_tag, referrers
from webhook.registry.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Iterable

    from webhook.registry.access import Access

SUFFIXES = (".sig", ".att", ".sbom")
"""Of the tags that signing tools made before there was another way."""
MAX_ATTACHED = 200
_MAX_DEPTH = 2
"""A signature of a list of components is attached to what is attached."""
_SECONDS = 60.0


class Attached(msgspec.Struct, frozen=True):
    """What came of it."""

    artifacts: int
    copied: Copied


async def copy_attached(copier: Copier, documents: Iterable[Document]) -> Attached:
    """Copy all that is attached to some manifests of an image that is in the target.

    Promotion evidence is left behind: it speaks of another registry.

    Raises:
        RegistryError: something could not be read or written.
    """
    total = Copied()
    subjects = [one.served.digest for one in documents]
    seen: set[str] = set(subjects)
    artifacts = 0
    for _ in range(_MAX_DEPTH):
        below: list[str] = []
        for subject in subjects:
            there = await referrers(copier.source, subject, _SECONDS)
            found = [*await _listed(copier, subject, there), *await _tagged(copier, subject)]
            new = [one for one in found if one[0].digest not in seen]
            here = await referrers(copier.target, subject, _SECONDS) if new else None
            for served, tag in new:
                seen.add(served.digest)
                artifacts += 1
                if artifacts > MAX_ATTACHED:
                    raise bad(f"more than {MAX_ATTACHED} things are attached to it")
                walked = await copier.walk(served)
                total += await copier.store(walked)
                below.append(served.digest)
                if tag:
                    await Uploads(copier.target).put_manifest(
                        tag, served.body, bare(served.media_type), served.digest
                    )
                elif here is not None and not here.api:
                    await list_under_tag(copier.target, subject, entry_of(walked[0]))
        subjects = below
    return Attached(artifacts, total)


def entry_of(document: Document) -> dict[str, object]:
    """The descriptor of something that is attached, as a list of them has it."""
    served = document.served
    return {
        "mediaType": bare(served.media_type),
        "digest": served.digest,
        "size": len(served.body),
        "artifactType": document.parts.artifact_type,
    }


async def _listed(copier: Copier, subject: str, there: Referrers) -> list[tuple[Served, str]]:
    found: list[tuple[Served, str]] = []
    repository = copier.source.reading(_SECONDS)
    for one in there.entries[:MAX_ATTACHED]:
        if one.artifact_type == ARTIFACT_TYPE:
            continue
        try:
            body = await repository.manifest(one.descriptor)
        except UnavailableError as error:
            if error.reason is not Reason.NOT_FOUND:
                raise
            copier.progress.note(
                f"{one.descriptor.digest} is listed as attached and is not there any more"
            )
            continue
        served = Served(one.descriptor.digest, one.descriptor.media_type, body)
        parts = read_parts(body, served.media_type)
        if parts.artifact_type != ARTIFACT_TYPE and parts.subject == subject:
            found.append((served, ""))
    return found


async def _tagged(copier: Copier, subject: str) -> list[tuple[Served, str]]:
    """What lies under the tags.

    One that the target has already is replaced where nothing in it is lost: somebody signed once
    more. One that is something else there stays as it is.
    """
    found: list[tuple[Served, str]] = []
    for suffix in SUFFIXES:
        tag = f"{fallback_tag(subject)}{suffix}"
        served = await _under(copier.source, tag)
        if served is None:
            continue
        held = await _under(copier.target, tag)
        if held is None:
            found.append((served, tag))
        elif held.digest == served.digest:
            continue
        elif is_grown(served, held):
            copier.progress.note(
                f"{copier.target.repository}:{tag} lacks what the source has, and gets it"
            )
            found.append((served, tag))
        else:
            copier.progress.note(
                f"{copier.target.repository}:{tag} is something else in the target and stays so"
            )
    return found


async def _under(access: Access, tag: str) -> Served | None:
    """What lies under a tag; None where nothing does."""
    try:
        return await access.reading(_SECONDS).by_tag(tag)
    except UnavailableError as error:
        if error.reason is not Reason.NOT_FOUND:
            raise
        return None
