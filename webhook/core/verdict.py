"""What a rule answers, what becomes of the answer under a policy, and the sum of it all."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from webhook.core.facts import Reason
    from webhook.core.workload import Role


class Outcome(StrEnum):
    """The four answers of a rule."""

    PASS = "pass"
    FAIL = "fail"
    UNKNOWN = "unknown"
    """Could not be checked; the finding's `reason` says why."""
    SKIP = "skip"
    """The rule does not apply here."""


_GOOD = (Outcome.PASS, Outcome.SKIP)


class Mode(StrEnum):
    """What a fail or an unknown does."""

    ENFORCE = "enforce"
    WARN = "warn"
    AUDIT = "audit"


_STRICTNESS = {Mode.AUDIT: 0, Mode.WARN: 1, Mode.ENFORCE: 2}


def weaker(one: Mode, other: Mode) -> Mode:
    """The one of two modes that does less."""
    return one if _STRICTNESS[one] <= _STRICTNESS[other] else other


class Answer(msgspec.Struct, frozen=True, gc=False):
    """One rule's answer about one use of an image."""

    outcome: Outcome
    message: str
    """A sentence about the image, for somebody who never heard of us."""
    fix: str = ""
    """What to write instead."""
    reason: Reason | None = None
    """Set if, and only if, the outcome is unknown."""
    at_most: Mode = Mode.ENFORCE
    """A knob of the rule may soften what the answer does; it never hardens it."""


class Finding(msgspec.Struct, frozen=True, gc=False):
    """An answer in its place: the only currency between rules and outputs.

    `mode` is what the finding does in the end: settings for unknowns, templates, unchanged images
    and exceptions are already in it. It refuses if the outcome is fail or unknown and the mode
    enforce.
    """

    policy: str
    rule: str
    outcome: Outcome
    reason: Reason | None
    mode: Mode
    container: str
    role: Role
    pointer: str
    image: str
    message: str
    fix: str
    exception: str = ""
    """`namespace/name` of the exception without which it would refuse."""

    @property
    def bad(self) -> bool:
        """True for a fail and for an unknown."""
        return self.outcome is Outcome.FAIL or self.outcome is Outcome.UNKNOWN

    @property
    def denies(self) -> bool:
        """True when this finding alone refuses the object."""
        return self.mode is Mode.ENFORCE and self.bad

    @property
    def warns(self) -> bool:
        """True when this finding is shown and refuses nothing."""
        return self.mode is Mode.WARN and self.bad


class Verdict(msgspec.Struct, frozen=True):
    """All findings about one object; whether it may run is read off."""

    findings: tuple[Finding, ...] = ()
    old_tags: tuple[str, ...] = ()
    """A sentence for each image that was judged by what its tag pointed to a while ago."""

    @property
    def allowed(self) -> bool:
        """True when no finding refuses."""
        return not any(finding.denies for finding in self.findings)

    @property
    def bad(self) -> list[Finding]:
        """The findings with outcome fail or unknown, whatever they do."""
        good = _GOOD
        return [finding for finding in self.findings if finding.outcome not in good]

    @property
    def denials(self) -> list[Finding]:
        """The findings that refuse."""
        return [finding for finding in self.findings if finding.denies]

    @property
    def warnings(self) -> list[Finding]:
        """The findings that are shown and refuse nothing."""
        return [finding for finding in self.findings if finding.warns]
