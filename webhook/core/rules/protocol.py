"""What every rule is: a name, its needs, and one question it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

import msgspec

if TYPE_CHECKING:
    from datetime import datetime

    from webhook.core.changes import Reads
    from webhook.core.facts import ImageFacts, Need, Unknown
    from webhook.core.image import ImageRef
    from webhook.core.verdict import Answer
    from webhook.core.workload import ImageUse, Workload


class Image(msgspec.Struct, frozen=True, gc=False):
    """An image name, and what was learned about it before anybody judged."""

    ref: ImageRef
    facts: ImageFacts | Unknown
    in_use: bool = False
    """Whether the digest in its name is recorded as in use in this cluster. No rule asks."""


class Rule(Protocol):
    """A frozen value whose fields are its settings."""

    name: ClassVar[str]
    """As in a policy's `rules`, in findings, in docs/rules.md and in the name of its file."""
    reads: ClassVar[Reads]
    """What makes a container another one to it, so that an UPDATE is judged as a CREATE is."""

    @property
    def needs(self) -> frozenset[Need]:
        """What must be learned before it is asked; empty when the name alone answers."""

    def check(self, use: ImageUse, workload: Workload, image: Image, now: datetime) -> Answer:
        """Answer for one use of one image; never raises, never looks anything up.

        Of the workload it reads `share_process_namespace`, `host_pid`, `os` and `grace` and nothing
        else (`Workload.around`; `reads` says which of these, and what of the use), and what it
        found good stays good as time goes on: `Passed` remembers by these.
        `now` is aware (UTC). An answer from facts that are `Unknown` is unknown, with the same
        reason, unless the rule needs no facts to know.
        """
