"""What the renderers are given: verdicts, and the places of the objects they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.verdict import Outcome, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from webhook.core.verdict import Finding


class Place(msgspec.Struct, frozen=True):
    """Where an object was read."""

    kind: str
    namespace: str
    name: str
    file: str
    """As the user wrote it, or as found under the folder that the user wrote."""
    line: int
    """Of the object's first line, from 1; 0 where it is not known."""

    def at(self, line: int) -> str:
        """`file:line`, as editors and `grep -n` write it; the file alone where there is no line."""
        return f"{self.file}:{line}" if line else self.file

    @property
    def title(self) -> str:
        """`Kind namespace/name`, as in the messages of the webhook."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else self.short

    @property
    def short(self) -> str:
        """`Kind name`."""
        return f"{self.kind} {self.name}"


class Checked(msgspec.Struct, frozen=True):
    """One object that names an image, and the verdict on it."""

    object: Place
    verdict: Verdict
    lines: Mapping[str, int] = {}
    """Line of each `Finding.pointer` in the file, as far as known."""
    images: frozenset[str] = frozenset()
    """Every image it names, also one that no policy asks about."""

    def line_of(self, finding: Finding) -> int:
        """The line where the finding's image is named, else where the object begins."""
        return self.lines.get(finding.pointer, self.object.line)


class RuleCount(msgspec.Struct):
    """How often a rule gave each of its four answers."""

    passed: int = 0
    failed: int = 0
    unknown: int = 0
    skipped: int = 0


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The sums under a report. `objects` is `allowed` plus `refused`."""

    objects: int
    """Objects that name an image."""
    without_images: int
    """Documents read beside them: they name no image, and are not listed."""
    allowed: int
    refused: int
    warned: int
    """Objects with a check that failed in mode warn, refused or not."""
    unknown: int
    """Objects with a check that could not be made, in mode enforce or warn, refused or not."""
    images: int
    """Different image names, as written."""
    rules: Mapping[str, RuleCount]


class CheckResult(msgspec.Struct, frozen=True):
    """Everything that one `cocket check` found, in the order of the input."""

    checked: tuple[Checked, ...]
    without_images: int = 0
    version: str = ""
    """Of the Cocket that judged."""
    command: str = "cocket check"
    """Which one found it, for people."""

    def summary(self) -> Summary:
        """Count."""
        rules: dict[str, RuleCount] = {}
        images: set[str] = set()
        refused = warned = unknown = 0
        for one in self.checked:
            refused += not one.verdict.allowed
            warned += any(warns(finding) for finding in one.verdict.findings)
            unknown += any(undecided(finding) for finding in one.verdict.findings)
            images |= one.images
            for finding in one.verdict.findings:
                images.add(finding.image)
                _count(rules.setdefault(finding.rule, RuleCount()), finding.outcome)
        images.discard("")  # a finding about the object as a whole
        return Summary(
            objects=len(self.checked),
            without_images=self.without_images,
            allowed=len(self.checked) - refused,
            refused=refused,
            warned=warned,
            unknown=unknown,
            images=len(images),
            rules=rules,
        )


def warns(finding: Finding) -> bool:
    """True for «checked and bad», shown, and refusing nothing.

    Narrower than `Finding.warns`: «could not be checked» is another word here, and another level of
    `--fail-on`, also where it only warns.
    """
    return finding.warns and finding.outcome is Outcome.FAIL


def undecided(finding: Finding) -> bool:
    """True for «could not be checked» where it matters: in mode enforce or warn."""
    return finding.outcome is Outcome.UNKNOWN and (finding.denies or finding.warns)


def _count(count: RuleCount, outcome: Outcome) -> None:
    match outcome:
        case Outcome.PASS:
            count.passed += 1
        case Outcome.FAIL:
            count.failed += 1
        case Outcome.UNKNOWN:
            count.unknown += 1
        case Outcome.SKIP:
            count.skipped += 1
