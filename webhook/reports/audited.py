"""What an audit found: who owns what runs, the verdict on it, and which image each place runs."""

from __future__ import annotations

from datetime import datetime

import msgspec

from webhook.core.facts import ImageFacts, Unknown
from webhook.core.verdict import Verdict
from webhook.core.workload import ImageUse


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """The object that a person wrote: a Deployment, not its ReplicaSets and Pods."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str = ""

    @property
    def title(self) -> str:
        """`Kind namespace/name`, as in the messages of the webhook."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else self.short

    @property
    def short(self) -> str:
        """`Kind name`."""
        return f"{self.kind} {self.name}"


class RunningImage(msgspec.Struct, frozen=True, kw_only=True):
    """One place of an owner where an image is named, and what is known of it."""

    use: ImageUse
    digest: str
    """The digest that its name has, else the one that its tag points to; empty where unknown."""
    facts: ImageFacts | Unknown
    running: tuple[str, ...] = ()
    """Digests that nodes say they run there (`imageID`), without repeats; empty where unknown."""
    environment: str = ""
    """Of the Registry that it comes from; empty where none is configured."""


class Audited(msgspec.Struct, frozen=True, kw_only=True):
    """One owner and all that runs for it."""

    owner: Owner
    pods: int
    """Pods that run for it now; if none, the verdict is on the Pod that its template describes."""
    verdict: Verdict
    """What admission would say to its Pods, were they created now; passes and skips included. Of
    different Pods, everything that is said to any of them. The findings of the rule `drifted` are
    here too: admission cannot ask it, and they refuse nothing."""
    images: tuple[RunningImage, ...] = ()


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """One look at a cluster."""

    taken: datetime
    """Aware, UTC."""
    audited: tuple[Audited, ...]
    """Sorted by namespace, kind and name of the owner."""
    cluster: str = ""
    """For people: context or address."""
    version: str = ""
    """Of the Cocket that judged."""
    missing: tuple[str, ...] = ()
    """What could not be looked at, and why: a sentence each. Empty where the picture is whole."""
