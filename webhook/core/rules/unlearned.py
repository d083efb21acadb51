"""What could not be learned about an image, as a rule answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.facts import Reason, Unknown
from webhook.core.printable import printable
from webhook.core.verdict import Answer, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

MEANINGS: Mapping[Reason, str] = {
    Reason.UNAUTHORIZED: "its registry wants other credentials",
    Reason.NOT_FOUND: "its registry has no such image",
    Reason.UNREACHABLE: "its registry could not be reached",
    Reason.TIMED_OUT: "its registry did not answer in time",
    Reason.RATE_LIMITED: "its registry asks to wait",
    Reason.UNTRUSTED_TLS: "the certificate of its registry is not trusted",
    Reason.BAD_CONTENT: "what its registry serves cannot be trusted",
    Reason.NOT_CONFIGURED: "its registry is not configured, so nobody asked it",
    Reason.OFFLINE: "nobody asked its registry, as --offline wants it",
    Reason.SCRIPT: "it starts a script, and what the script starts is not in the image config",
    Reason.VARIABLE: "it starts what a variable says, and the variable is not known here",
    Reason.PROGRAM: "what its program does about the stop signal is in its code",
}
"""What each reason says about an image; the detail of an `Unknown` says it better."""

_REMEDIES: Mapping[Reason, str] = {
    Reason.UNAUTHORIZED: "Give its Registry credentials that may pull the image.",
    Reason.NOT_FOUND: "Check the name, and whether the image was pushed.",
    Reason.UNREACHABLE: "Check the host of its Registry, DNS and firewalls.",
    Reason.TIMED_OUT: "Try again: what was learned meanwhile is remembered.",
    Reason.RATE_LIMITED: "Try again later, or give its Registry credentials.",
    Reason.UNTRUSTED_TLS: "Give its Registry the right tls.caBundle.",
    Reason.BAD_CONTENT: "Look at what its registry answers; push the image again if it is bad.",
    Reason.NOT_CONFIGURED: "Add a Registry for it, or ask whoever runs the cluster to.",
    Reason.OFFLINE: "Run without --offline, or give its config with --facts.",
}
_EMPTY = Answer(
    Outcome.UNKNOWN,
    "it has no platform that could run",
    _REMEDIES[Reason.BAD_CONTENT],
    Reason.BAD_CONTENT,
)


def unlearned(unknown: Unknown) -> Answer:
    """The answer of a rule that needed what is unknown: the same reason, and what to do."""
    reason = unknown.reason
    message = printable(unknown.detail) or MEANINGS[reason]
    return Answer(Outcome.UNKNOWN, message, _REMEDIES.get(reason, ""), reason)


def without_platforms() -> Answer:
    """The answer about facts without one config: nothing to judge is not nothing wrong."""
    return _EMPTY
