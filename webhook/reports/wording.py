"""The words that every format shares: where a finding is, what it says, what it does."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from webhook.core.printable import printable
from webhook.core.verdict import Outcome
from webhook.core.workload import Role

if TYPE_CHECKING:
    from webhook.core.verdict import Finding
    from webhook.reports.checked import Summary

MAX_NAME = 300
"""Characters of a name that are shown: a Kubernetes name has 253, an image name rarely more."""
MAX_SENTENCE = 2000
"""Characters of a message or a fix that are shown; a message may quote a long argv."""
MAX_PATH = 4096
"""Characters of a file name that are shown: Linux opens none that is longer (PATH_MAX)."""
RULES_PAGE = "docs/rules.md"
"""The page with one heading per rule; its anchors are the rules' names."""

_ROLES = {
    Role.CONTAINER: "container",
    Role.INIT: "init container",
    Role.SIDECAR: "sidecar",
    Role.EPHEMERAL: "ephemeral container",
    Role.VOLUME: "image volume",
    Role.BASE: "stage",
}


class Effect(StrEnum):
    """What a finding does to its object."""

    REFUSES = "refuses"
    WARNS = "warns"
    NOTED = "noted"
    """A fail or an unknown in mode audit."""
    NONE = "none"
    """A pass or a skip."""


def effect(finding: Finding) -> Effect:
    """What the finding does: read off its outcome and mode."""
    if finding.denies:
        return Effect.REFUSES
    if finding.warns:
        return Effect.WARNS
    return Effect.NOTED if finding.bad else Effect.NONE


def where(finding: Finding) -> str:
    """`container "app"`, or nothing where the finding is about the object as a whole."""
    return place(finding.role, finding.container)


def place(role: Role, container: str) -> str:
    """`container "app"`; nothing where there is no container."""
    return f'{_ROLES[role]} "{printable(container, MAX_NAME)}"' if container else ""


def sentence(finding: Finding) -> str:
    """Message and fix on one line, with the unknown's reason, and nothing that moves a cursor."""
    message = printable(finding.message, MAX_SENTENCE)
    if finding.outcome is Outcome.UNKNOWN:
        message = f"could not be checked ({finding.reason}): {message}"
    return joined(message, printable(finding.fix, MAX_SENTENCE))


def placed_sentence(finding: Finding) -> str:
    """`container "app": …`, the whole line of a denial."""
    place = where(finding)
    return f"{place}: {sentence(finding)}" if place else sentence(finding)


def summary_line(summary: Summary) -> str:
    """The last line for people."""
    parts = [
        f"{many(summary.objects, 'object')} with {many(summary.images, 'image')}",
        f"{summary.allowed} allowed",
        f"{summary.refused} refused",
        *outcome_parts(summary),
    ]
    if summary.without_images:
        parts.append(f"{many(summary.without_images, 'other document')} without images")
    return ", ".join(parts)


def outcome_parts(summary: Summary) -> list[str]:
    """Of how many objects there is more to say."""
    parts = []
    if summary.warned:
        parts.append(f"{summary.warned} with warnings")
    if summary.unknown:
        parts.append(f"{summary.unknown} not fully checked")
    return parts


def joined(message: str, fix: str) -> str:
    """Two sentences in one line; a fix that is empty is none."""
    if not fix:
        return message
    end = "" if message.endswith((".", "!", "?", ".)")) else "."
    return f"{message}{end} {fix}"


def many(count: int, noun: str) -> str:
    """`1 object`, `2 objects`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
