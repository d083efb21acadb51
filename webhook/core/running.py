"""What a node says it runs, beside what the object names: the rule `drifted`, which audits ask.

Admission cannot ask it: nothing runs yet. So it refuses nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.facts import ImageFacts, Reason, Unknown
from webhook.core.image import is_digest
from webhook.core.verdict import Finding, Mode, Outcome

if TYPE_CHECKING:
    from webhook.core.image import ImageRef
    from webhook.core.workload import ImageUse

DRIFTED = "drifted"
POLICY = "audit"
"""What stands in the place of a policy in its findings: no policy switches it on."""
_SHOWN = 19
"""Characters of a digest in a message: `sha256:` and twelve digits."""


def running_digest(image_id: str) -> str:
    """The digest of the manifest in an `imageID`; empty where it does not say one.

    An imageID is `[docker-pullable://]repository@digest` where the node pulled by name. A bare
    digest is that of a config, and says nothing about a manifest (CRI, `Image.repo_digests`).

    >>> running_digest("docker.io/library/nginx@sha256:" + "ab" * 32)[:11]
    'sha256:abab'
    >>> running_digest("sha256:" + "ab" * 32)
    ''
    """
    repository, at, digest = image_id.rpartition("@")
    return digest if at and repository and is_digest(digest) else ""


def drift(
    use: ImageUse, ref: ImageRef, image_id: str, facts: ImageFacts | Unknown | None
) -> Finding | None:
    """Whether what runs is what was named; None where no digest was named, or nothing runs yet.

    Args:
        use: the place in the Pod.
        ref: what stands there.
        image_id: of the container's status; empty before its image is there.
        facts: about `ref`, which tell the manifests of an index; None where nobody asked.
    """
    if not ref.pinned or not image_id:
        return None
    named, running = ref.digest or "", running_digest(image_id)
    if not running:
        detail = "its node says no digest of a manifest, only the ID of a config"
        return _finding(use, Outcome.UNKNOWN, detail, reason=Reason.NOT_FOUND)
    if running == named:
        return _finding(use, Outcome.PASS, "its node runs the digest that is named")
    match facts:
        case ImageFacts(platforms=platforms) if any(one.digest == running for one in platforms):
            return _finding(use, Outcome.PASS, "its node runs a platform of the named index")
        case ImageFacts(platforms=platforms) if platforms and all(one.digest for one in platforms):
            return _finding(
                use,
                Outcome.FAIL,
                f"{running[:_SHOWN]}… runs, and {named[:_SHOWN]}… is named",
                fix="Find out who changed it on the node, and delete the Pod.",
            )
    reason = facts.reason if isinstance(facts, Unknown) else Reason.NOT_FOUND
    detail = f"{running[:_SHOWN]}… runs, and whether {named[:_SHOWN]}… is its index is not known"
    return _finding(use, Outcome.UNKNOWN, detail, reason=reason)


def _finding(
    use: ImageUse, outcome: Outcome, message: str, *, fix: str = "", reason: Reason | None = None
) -> Finding:
    # Many nodes say bare IDs of all they run: an unknown is noted, and a drift is shown.
    mode = Mode.AUDIT if outcome is Outcome.UNKNOWN else Mode.WARN
    return Finding(
        POLICY,
        DRIFTED,
        outcome,
        reason,
        mode,
        use.container,
        use.role,
        use.pointer,
        use.image,
        message,
        fix,
    )
