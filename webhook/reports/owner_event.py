"""What is said on an owner whose Pods would be refused, as an Event of events.k8s.io/v1."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from webhook.core.printable import printable
from webhook.reports.policy_report import object_reference
from webhook.reports.report_result import SOURCE
from webhook.reports.wording import placed_sentence

if TYPE_CHECKING:
    from datetime import datetime

    from webhook.reports.audited import Audited

REASON = "WouldBeRefused"
MAX_NOTE = 1024
"""Bytes, as API servers hold events.k8s.io/v1 to it."""
_MAX_INSTANCE = 128


def owner_event(audited: Audited, instance: str, now: datetime) -> dict[str, Any] | None:
    """One event for all that is refused; None where nothing is.

    Its name is a hash of what it says: said again while it is still there, it is the same event.

    Args:
        audited: the owner.
        instance: who we are, as no other is.
        now: aware.
    """
    denials = sorted(audited.verdict.denials, key=lambda one: (one.container, one.rule, one.policy))
    if not denials or not audited.owner.uid:
        return None
    owner = audited.owner
    sentences = list(dict.fromkeys(placed_sentence(one) for one in denials))
    text = "\0".join((owner.uid, *sentences)).encode("utf-8", "replace")
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {
            "name": f"{SOURCE}-{hashlib.sha256(text).hexdigest()[:32]}",
            "namespace": printable(owner.namespace),
        },
        "eventTime": f"{now:%Y-%m-%dT%H:%M:%S.%fZ}",
        "type": "Warning",
        "reason": REASON,
        "action": "Audit",
        "reportingController": "cocket.dev/operator",
        "reportingInstance": printable(instance, _MAX_INSTANCE),
        "regarding": object_reference(owner),
        "note": _note(sentences),
    }


def _note(sentences: list[str]) -> str:
    """As many sentences as there is room for, and how many more there are."""
    head = "New Pods of it would be refused: "
    shown: list[str] = []
    for number, sentence in enumerate(sentences):
        left = len(sentences) - number
        tail = f" … and {left} more" if left else ""
        if len(f"{head}{'; '.join([*shown, sentence])}{tail}".encode()) > MAX_NOTE:
            break
        shown.append(sentence)
    left = len(sentences) - len(shown)
    if not shown:
        cut = sentences[0].encode()[: MAX_NOTE - len(head) - 32].decode(errors="ignore")
        shown, left = [f"{cut}…"], left - 1
    tail = f" … and {left} more" if left else ""
    return f"{head}{'; '.join(shown)}{tail}"
