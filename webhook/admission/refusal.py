"""What a user reads when an object is refused, or admitted with warnings."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
MAX_WARNING = 256
"""Characters; the API server cuts longer ones (k8s.io/apiserver, warning/context)."""
MAX_WARNINGS = 4096
"""Characters in all; the API server drops what goes beyond."""
_SIGN = "cocket: "
"""kubectl shows the warnings of all webhooks side by side."""


def refusal(title: str, denials: Sequence[Finding]) -> str:
    """The message of a refused object: a line to begin with, then one for each finding.

    Args:
        title: kind and name, as in `Pod shop/web`.
        denials: the findings that refuse; what several policies say alike is said once.
    """
    lines = _sentences(_by_container(denials), _MAX_LINE)
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
    """The warnings of a verdict, the most severe first, cut to what the API server passes on."""
    severe_first = sorted(warnings, key=lambda finding: finding.outcome is Outcome.UNKNOWN)
    lines = _sentences(severe_first, MAX_WARNING - len(_SIGN))
    texts: list[str] = []
    room = MAX_WARNINGS - len(f"{_SIGN}+{len(lines)} more")
    for line in lines:
        text = _SIGN + line
        room -= len(text)
        if room < 0:
            return [*texts, f"{_SIGN}+{len(lines) - len(texts)} more"]
        texts.append(text)
    return texts


def _by_container(findings: Sequence[Finding]) -> list[Finding]:
    """What is said about one container stands together, in the order the verdict names them."""
    places: dict[str, int] = {}
    for finding in findings:
        places.setdefault(finding.pointer, len(places))
    return sorted(findings, key=lambda finding: places[finding.pointer])


def _sentences(findings: Iterable[Finding], limit: int) -> list[str]:
    """One line a finding, each only once."""
    return list(dict.fromkeys(printable(placed_sentence(finding), limit) for finding in findings))
