"""Exceptions: which image or workload may break which rules, where, and until when."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable
from webhook.core.timestamps import Moment
from webhook.errors import InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from webhook.core.image import ImageRef
    from webhook.core.workload import Workload

ANY_SEGMENT = "*"
_MAX_REASON = 120
"""Characters of the reason, and of the name of who asked, in a message."""
_MAX_PERSON = 60


class ImagePattern(msgspec.Struct, frozen=True, kw_only=True):
    """Names of images: one host, whole path segments, and perhaps one digest."""

    host: str
    """`host[:port]` in normal form (`image.normal_host`); never a wildcard."""
    segments: tuple[str, ...]
    """Of the repository; `*` stands for exactly one."""
    deeper: bool = False
    """Whether one or more segments must follow, whatever they are."""
    digest: str = ""
    """The one digest that is meant; empty: any, and tags."""

    def matches(self, ref: ImageRef) -> bool:
        """Whether the image has such a name. Only what the name itself says counts."""
        if ref.host != self.host or (self.digest and ref.digest != self.digest):
            return False
        found, wanted = ref.repository.split("/"), self.segments
        if len(found) <= len(wanted) if self.deeper else len(found) != len(wanted):
            return False
        # Below `/**` there are more segments than the pattern names.
        pairs = zip(wanted, found, strict=False)
        return all(want in {ANY_SEGMENT, have} for want, have in pairs)


class NamedWorkload(msgspec.Struct, frozen=True):
    """One object by kind and whole name."""

    kind: str
    name: str

    def means(self, workload: Workload) -> bool:
        """Whether this is the object.

        A Pod that a controller makes has another name, and what it says of its owner (labels,
        ownerReferences) is no proof: only its own name counts, and no `generateName`.
        """
        same = workload.kind == self.kind and workload.name == self.name
        return same and not workload.name_is_prefix


class ImageException(msgspec.Struct, frozen=True, kw_only=True):
    """Lets some images or one workload break some rules in some namespaces, for a time."""

    name: str
    """`namespace/name`."""
    rules: frozenset[str]
    namespaces: frozenset[str]
    """Whole names of the namespaces where it holds."""
    reason: str
    expires: datetime
    """Aware; from then on it has no effect."""
    requested_by: str = ""
    image: ImagePattern | None = None
    workload: NamedWorkload | None = None

    def __post_init__(self) -> None:
        """Refuse what would hold for everything.

        Raises:
            InvalidPolicyError: it names no rule, no namespace, or neither image nor workload.
        """
        if not self.rules or not self.namespaces or not (self.image or self.workload):
            raise InvalidPolicyError(
                "an exception names rules, namespaces, and an image, a workload or both"
            )

    def holds(self, workload: Workload, now: datetime) -> bool:
        """Whether it says anything about this object now."""
        return (
            now < self.expires
            and workload.namespace in self.namespaces
            and (self.workload is None or self.workload.means(workload))
        )

    def covers(self, rule: str, ref: ImageRef) -> bool:
        """Whether this image may break the rule, in an object for which the exception holds."""
        return rule in self.rules and (self.image is None or self.image.matches(ref))

    @property
    def note(self) -> str:
        """What a finding begins with: which exception, until when, why, and who asked."""
        why = printable(self.reason, _MAX_REASON)
        who = f"; asked for by {printable(self.requested_by, _MAX_PERSON)}"
        until = Moment(self.expires)
        return (
            f"let through by exception {self.name} until {until} "
            f"({why}{who if self.requested_by else ''})"
        )


class Excuses:
    """The exceptions that hold for one object now; sought when the first finding would refuse."""

    __slots__ = ("_exceptions", "_found", "_holding", "_now", "_workload")

    def __init__(
        self, exceptions: Sequence[ImageException], workload: Workload, now: datetime
    ) -> None:
        """Of all `exceptions`, in whatever order."""
        self._exceptions = exceptions
        self._workload = workload
        self._now = now
        self._holding: list[ImageException] | None = None
        self._found: dict[tuple[str, ImageRef], ImageException | None] = {}

    def of(self, rule: str, ref: ImageRef) -> ImageException | None:
        """The exception that lets this image break the rule: of several the one that lasts."""
        question = (rule, ref)
        if question not in self._found:
            # Once for each image: one object may name it in hundreds of places.
            covering = (one for one in self._all() if one.covers(rule, ref))
            self._found[question] = next(covering, None)
        return self._found[question]

    def _all(self) -> list[ImageException]:
        """Those that hold, the one that lasts longest first."""
        if self._holding is None:
            workload, now = self._workload, self._now
            holding = [one for one in self._exceptions if one.holds(workload, now)]
            self._holding = sorted(holding, key=lambda one: (one.expires, one.name), reverse=True)
        return self._holding
