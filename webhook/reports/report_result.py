"""One finding as a result of a policy report: which word, how grave, and what goes along.

Fields, enumerations and what they mean: `ReportResult` of wgpolicyk8s.io/v1alpha2 and of
openreports.io/v1alpha1, whose names and JSON are the same.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from webhook.core.facts import ImageFacts
from webhook.core.printable import printable
from webhook.core.told import told
from webhook.core.verdict import Mode, Outcome
from webhook.reports.wording import MAX_NAME, placed_sentence

if TYPE_CHECKING:
    from webhook.core.facts import Unknown
    from webhook.core.verdict import Finding
    from webhook.reports.audited import RunningImage

SOURCE = "cocket"
MAX_MESSAGE = 1024
"""Bytes of a message, and of a fix: a report has room for a thousand of them."""
_MAX_PROPERTY = 512
_ELLIPSIS = "…"


class Result(StrEnum):
    """The five words; the gravest first, which is their order in a report too."""

    FAIL = "fail"
    """Checked and bad, in mode enforce or audit."""
    ERROR = "error"
    """Could not be checked."""
    WARN = "warn"
    """Checked and bad, where the policy only warns."""
    SKIP = "skip"
    """Let through by an exception, or a rule that does not apply here."""
    PASS = "pass"


class Severity(StrEnum):
    """How grave it is that a rule does not hold."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


_SUPPLY_CHAIN = "Supply Chain"
_SUBJECTS = {
    "digest": (_SUPPLY_CHAIN, Severity.HIGH),
    "registry": (_SUPPLY_CHAIN, Severity.HIGH),
    "drifted": (_SUPPLY_CHAIN, Severity.HIGH),
    "provenance": ("Provenance", Severity.MEDIUM),
    "promotion": ("Promotion", Severity.HIGH),
    "init": ("Process", Severity.LOW),
    "stop": ("Shutdown", Severity.LOW),
}
_OTHER = ("Container Images", Severity.MEDIUM)
_OUTCOMES = {
    Outcome.PASS: Result.PASS,
    Outcome.SKIP: Result.SKIP,
    Outcome.UNKNOWN: Result.ERROR,
    Outcome.FAIL: Result.FAIL,
}


class ReportResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`ReportResult`, as far as we fill it. Without `resources` it is about the report's scope.

    What has nothing to say is left out: API servers before 1.21 make null of an empty text that is
    applied, and no schema takes null.
    """

    policy: str
    rule: str
    category: str
    severity: Severity
    result: Result
    scored: bool
    """False where it counts neither for nor against: warnings, and what was not judged."""
    source: str = ""
    message: str = ""
    properties: dict[str, str] = {}


def word(finding: Finding) -> Result:
    """What a reader of reports calls the finding."""
    if finding.exception:
        return Result.SKIP
    if finding.outcome is Outcome.FAIL and finding.mode is Mode.WARN:
        return Result.WARN
    return _OUTCOMES[finding.outcome]


def report_result(finding: Finding, image: RunningImage | None) -> ReportResult:
    """The finding without its id, which depends on its neighbours.

    Args:
        finding: about an image, or about the owner as a whole.
        image: what is known of the image that it is about.
    """
    category, severity = _SUBJECTS.get(finding.rule, _OTHER)
    result = word(finding)
    return ReportResult(
        policy=_short(finding.policy, MAX_NAME) or SOURCE,
        rule=_short(finding.rule, MAX_NAME),
        category=category,
        severity=severity,
        result=result,
        scored=result in {Result.PASS, Result.FAIL},
        source=SOURCE,
        message=_short(placed_sentence(finding), MAX_MESSAGE),
        properties=_properties(finding, image),
    )


def identity(owner: str, finding: Finding, occurrence: int) -> str:
    """An id that stays when the image is changed, so that readers see the same line turn good.

    Args:
        owner: its title: a result belongs to a place, not to the object that has its name today.
        finding: in that owner.
        occurrence: 0 for the first of its like; several versions of a Pod may run at one time.
    """
    place = (owner, finding.policy, finding.rule, finding.role, finding.container, str(occurrence))
    return hashlib.sha256("\0".join(place).encode("utf-8", "replace")).hexdigest()[:32]


def _properties(finding: Finding, image: RunningImage | None) -> dict[str, str]:
    known = {
        "container": finding.container,
        "role": finding.role.value if finding.container else "",
        "image": finding.image,
        "mode": finding.mode.value,
        "reason": finding.reason.value if finding.reason is not None else "",
        "exception": finding.exception,
    }
    if image is not None:
        known |= {
            "digest": image.digest,
            "running": " ".join(image.running),
            "environment": image.environment,
            "commit": _commit(image.facts),
        }
    found = {key: _short(text, _MAX_PROPERTY) for key, text in known.items() if text}
    if finding.fix:
        # Whole, as far as that goes: half a digest is no fix.
        found["fix"] = _short(finding.fix, MAX_MESSAGE)
    return found


@lru_cache(maxsize=1024)
def _commit(facts: ImageFacts | Unknown) -> str:
    """The commit, where all platforms agree on one."""
    return told(facts.platforms).revision if isinstance(facts, ImageFacts) else ""


def _short(text: str, limit: int) -> str:
    """Printable, and of so many bytes at most."""
    shown = printable(text, limit)
    encoded = shown.encode()
    if len(encoded) <= limit:
        return shown
    return encoded[: limit - len(_ELLIPSIS.encode())].decode(errors="ignore") + _ELLIPSIS
