"""A finding in the few words of an admission warning: what, in which container, what to do.

Kubernetes asks for warnings of at most 120 characters (API reference, AdmissionResponse.warnings).
A sentence that is longer is told in other words before it is cut: first without what is only told
beside, then with long names shortened, at last between two words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from webhook.core.facts import Reason
from webhook.core.printable import printable
from webhook.core.verdict import Outcome
from webhook.reports.wording import RULES_PAGE, joined, place, placed_sentence

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webhook.core.verdict import Finding

MAX_WARNING = 120
"""Characters. The API server cuts at 256, and at 4,096 of all webhooks together it cuts harder
(k8s.io/apiserver, warning/context)."""
SIGN = "cocket: "
"""kubectl shows the warnings of all webhooks side by side."""

CURES = {
    "digest": "Use its digest: `cocket pin`.",
    "registry": "Promote the image.",
    "provenance": "Set it: docker build --label.",
    "init": "Start it with tini.",
    "promotion": "Promote it: `cocket promote`.",
}
"""By rule: what to do, where its fix has no short form of its own."""

_MAX_TEXT = 1000
"""Characters of a message or fix that are looked at."""
_MAX_CONTAINER = 30
_MAX_QUOTE = 32
_MAX_NAME = 24
_LAST = 12
"""Characters at the end of a name that stay: names of one family differ there."""
_LEAST = 30
"""Characters of what is wrong that the fix must leave."""
_OWN_CURE = frozenset({Reason.SCRIPT, Reason.VARIABLE, Reason.PROGRAM})
"""Reasons that lie in the Pod or image, and not in what could not be fetched."""

_DIGEST = re.compile(r"(sha(?:256|512):[0-9a-f]{12})[0-9a-f]+")
_ASIDE = re.compile(r" ?\([^()]*\)")
_QUOTE = re.compile(r"`([^`]*)`")
_CLAUSE = re.compile(r"(?<! with): |; |, (?:but|and|or|which) |\. ")
"""Where a thought ends; «Build it with: …» has only begun."""


def warning_text(finding: Finding) -> str:
    """One line of at most `MAX_WARNING` characters, with nothing in it that moves a cursor."""
    whole = SIGN + placed_sentence(finding)
    if len(whole) <= MAX_WARNING:
        return whole
    container = place(finding.role, shortened(finding.container, _MAX_CONTAINER))
    unknown = finding.outcome is Outcome.UNKNOWN
    head = f"{SIGN}{container}{': ' if container else ''}"
    if unknown:
        head = f"{head}could not be checked ({finding.reason}): "
    return head + _brief(finding, MAX_WARNING - len(head))


def shortened(text: str, limit: int) -> str:
    """The text, printable, with what is too much taken out of its middle."""
    shown = printable(text, _MAX_TEXT)
    if len(shown) <= limit:
        return shown
    return f"{shown[: limit - _LAST - 1]}…{shown[-_LAST:]}"


def _brief(finding: Finding, room: int) -> str:
    messages = list(_messages(finding))
    fixes = _fixes(finding)
    for message in messages:
        for fix in fixes:
            text = joined(message, fix)
            if len(text) <= room:
                return text
    fix = min(fixes, key=len)
    left = room - len(fix) - 1
    if fix and left >= _LEAST:
        return f"{_cut(messages[-1], left)} {fix}"
    return _cut(messages[-1], room)


def _messages(finding: Finding) -> Iterator[str]:
    """What is wrong, in fewer and fewer words."""
    text = _DIGEST.sub(r"\1…", printable(finding.message, _MAX_TEXT))
    yield text
    text = _ASIDE.sub("", text)
    yield text
    yield _quoting(text, _MAX_QUOTE)
    text = _quoting(text, _MAX_QUOTE // 2)
    yield text
    if not finding.exception:
        # What an exception lets through comes after a colon: it is no further thought there.
        yield _first_clause(text)


def _fixes(finding: Finding) -> Sequence[str]:
    """What to do, in fewer and fewer words; a digest that has no room is no help at all."""
    if finding.exception:
        return [""]  # somebody took that on, and until when is said
    fix = printable(finding.fix, _MAX_TEXT)
    told = [] if not fix or _DIGEST.search(fix) else [fix, _first_clause(_ASIDE.sub("", fix))]
    cure = ""
    if finding.outcome is Outcome.FAIL or finding.reason in _OWN_CURE:
        cure = CURES.get(finding.rule, "")
    if cure or not told:
        told.append(cure or f"See {RULES_PAGE}.")
    return told


def _first_clause(text: str) -> str:
    clause = _CLAUSE.split(text, maxsplit=1)[0]
    return clause if clause.endswith(".") else f"{clause}."


def _last_of(word: str) -> str:
    """`…/web:1.1` of a long image name or path."""
    if len(word) <= _MAX_NAME or "/" not in word:
        return word
    return f"…/{shortened(word.rpartition('/')[2], _MAX_NAME)}"


def _quoting(text: str, limit: int) -> str:
    """The text with little of each command line, and the ends of long names."""
    text = _QUOTE.sub(lambda found: f"`{_cut(found[1], limit)}`", text)
    return " ".join(map(_last_of, text.split(" ")))


def _cut(text: str, limit: int) -> str:
    """The words that fit, and a sign that there are more."""
    if len(text) <= limit:
        return text
    start = text[: limit - 1]
    words = start.rpartition(" ")[0]
    return f"{words if len(words) * 2 > limit else start}…"
