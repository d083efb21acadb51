"""Rule `digest`: an image is named by what it is, not by a tag that somebody can move."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec

from webhook.core.changes import Reads
from webhook.core.facts import ImageFacts, Need
from webhook.core.image import is_digest
from webhook.core.printable import printable
from webhook.core.verdict import Answer, Outcome

if TYPE_CHECKING:
    from datetime import datetime

    from webhook.core.rules.protocol import Image
    from webhook.core.workload import ImageUse, Workload

_PASS = Answer(Outcome.PASS, "it is named by a digest.")
_SHOWN_DIGEST = len("sha256:") + 12
"""Docker, too, shows twelve digits of a digest."""
_MAX_NAME = 600
"""Characters of a name that are shown: any name that a registry can serve, and its tag."""


class DigestRule(msgspec.Struct, frozen=True):
    """Pass what is named by sha256 or sha512, with or without a tag beside it.

    The name alone decides, so this rule never answers unknown. It asks for the digest only to name
    the fix, and where the digest could not be learned the fix says how to find it.
    """

    name: ClassVar[str] = "digest"
    needs: ClassVar[frozenset[Need]] = frozenset({Need.DIGEST})
    reads: ClassVar[Reads] = Reads.IMAGE

    def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:  # noqa: ARG002 - the same for every rule
        """Answer for one use of one image."""
        ref = image.ref
        if ref.pinned:
            return _PASS
        # The user's own spelling, so that the fix can be pasted where the name stands now.
        written = printable(use.image, _MAX_NAME)
        name = printable(use.image.partition("@")[0], _MAX_NAME)
        if ref.digest is not None:
            algorithm = ref.digest.partition(":")[0]
            message = (
                f"{written} is named by a {algorithm} digest, and registries have none for images."
            )
            return Answer(
                Outcome.FAIL,
                message,
                f"Use its sha256 digest: `cocket image {name}` shows what {name} points to now.",
            )
        if ref.tag is None:
            message = f"{written} has no tag, which means latest, and tags move."
        else:
            message = f"{written} is a tag, and tags move."
        return Answer(Outcome.FAIL, message, _fix(name, image))


def _fix(name: str, image: Image) -> str:
    facts = image.facts
    if isinstance(facts, ImageFacts) and is_digest(facts.digest):
        short = f"{facts.digest[:_SHOWN_DIGEST]}…"
        return f"It points to {short} now: use {name}@{facts.digest}"
    return (
        f"Use {name}@sha256:…; `cocket image {name}` shows the digest, "
        "and so does what pushed the image."
    )
