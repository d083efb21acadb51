"""What a user reads when an object is refused, or admitted with warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.admission.warning import SIGN, warning_text
from webhook.core.printable import printable
from webhook.core.verdict import Outcome
from webhook.reports.wording import placed_sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webhook.core.verdict import Finding

MAX_LINES = 20
_MAX_LINE = 700
"""Characters: a quoted argv and a fix fit in."""
MAX_MESSAGE_BYTES = 16 * 1024
MAX_WARNINGS = 4096
"""Characters in all; the API server drops what goes beyond."""


def refusal(title: str, denials: Sequence[Finding]) -> str:
    """The message of a refused object: a line to begin with, then one for each finding.

    Args:
        title: kind and name, as in `Pod shop/web`.
        denials: the findings that refuse; what several policies say alike is said once.
    """
    sentences = (printable(placed_sentence(one), _MAX_LINE) for one in _by_container(denials))
    lines = list(dict.fromkeys(sentences))
    message = f"cocket refused {printable(title, _MAX_LINE)}:"
    size = len(message.encode())
    shown = 0
    room = MAX_MESSAGE_BYTES - len(f"\n  and {len(lines)} more")
    for line in lines[:MAX_LINES]:
        size += len(line.encode()) + 3
        if size > room:
            break
        message = f"{message}\n  {line}"
        shown += 1
    return message if shown == len(lines) else f"{message}\n  and {len(lines) - shown} more"


def warning_texts(warnings: Iterable[Finding]) -> list[str]:
    """The warnings of a verdict, the most severe first, and as many as the API server passes on."""
    severe_first = sorted(warnings, key=lambda finding: finding.outcome is Outcome.UNKNOWN)
    lines = list(dict.fromkeys(warning_text(finding) for finding in severe_first))
    texts: list[str] = []
    room = MAX_WARNINGS - len(f"{SIGN}+{len(lines)} more")
    for text in lines:
        room -= len(text)
        if room < 0:
            return [*texts, f"{SIGN}+{len(lines) - len(texts)} more"]
        texts.append(text)
    return texts


def _by_container(findings: Sequence[Finding]) -> list[Finding]:
    """What is said about one container stands together, in the order the verdict names them."""
    places: dict[str, int] = {}
    for finding in findings:
        places.setdefault(finding.pointer, len(places))
    return sorted(findings, key=lambda finding: places[finding.pointer])
