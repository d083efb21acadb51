"""One promotion from beginning to end: copy, attach, leave evidence, and tags last of all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import Reason
from webhook.errors import UnavailableError
from webhook.promote.attached import copy_attached
from webhook.promote.copying import Copied, Copier, Progress
from webhook.promote.evidence import leave_evidence
from webhook.registry.manifests import bare
from webhook.registry.realm import RepositoryAccess
from webhook.registry.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from webhook.promote.destination import Destination
    from webhook.promote.signing import Signer
    from webhook.promote.statement import Promoted
    from webhook.registry.client import RegistryClient

_SECONDS = 60.0


class Outcome(msgspec.Struct, frozen=True):
    """What was done."""

    copied: Copied
    artifacts: int
    """Attached things that went along."""
    evidence: str
    """The digest of its manifest; empty where none was wanted."""


async def promote(
    client: RegistryClient,
    where: Destination,
    progress: Progress,
    *,
    tags: Sequence[str] = (),
    promoted: Promoted | None = None,
    signer: Signer | None = None,
) -> Outcome:
    """Have an image in another registry, with all that is attached to it.

    What is there already is not sent again. Tags are set when everything else is there, so that
    nobody finds half an image under one.

    Args:
        client: asks and writes.
        where: the image in both registries; the source has a digest.
        progress: looks on.
        tags: to be set in the target; one that is there moves.
        promoted: what the evidence says; None: no evidence.
        signer: signs it.

    Raises:
        RegistryError: something could not be read or written; what went before stays, and helps
            the next try.
    """
    mount = where.source.repository if where.source.host == where.target.host else ""
    source = await client.access(where.source, where.source_registry)
    target = await client.access(
        where.target,
        where.target_registry,
        RepositoryAccess(actions="pull,push", mounts_from=mount),
    )
    digest = where.source.digest or ""
    top = await source.reading(_SECONDS).by_digest(digest)
    copier = Copier(source, target, progress)
    documents = await copier.walk(top)
    copied = await copier.store(documents)
    attached = await copy_attached(copier, documents)
    evidence = ""
    if promoted is not None:
        evidence = await leave_evidence(target, top, promoted, signer)
    # What the registry says now is what a node would get.
    await target.reading(_SECONDS).by_digest(digest)
    for tag in tags:
        if await target.reading(_SECONDS).digest_of_tag(tag) == digest:
            continue
        await Uploads(target).put_manifest(tag, top.body, bare(top.media_type), digest)
        if await target.reading(_SECONDS).digest_of_tag(tag) not in {digest, ""}:
            raise UnavailableError(
                Reason.UNREACHABLE,
                f"{where.target.name}:{tag} was moved by somebody else at the same moment",
            )
    return Outcome(copied + attached.copied, attached.artifacts, evidence)
