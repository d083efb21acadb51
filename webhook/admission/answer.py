"""The AdmissionReview that goes back: bytes that the API server reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.admission.refusal import refusal, warning_texts
from webhook.admission.warning import MAX_WARNING, SIGN, shortened
from webhook.core.printable import printable
from webhook.core.verdict import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webhook.core.policy import Broken
    from webhook.core.verdict import Finding

_FEW = 3
"""Lines about broken documents, or old tags, under one answer; status and log say the rest."""
_MAX_TITLE = 60
_MAX_ANNOTATION = 512
_MAX_SENTENCE = 200
_UNJUDGED = "admitted without being judged"

_encode = msgspec.json.Encoder().encode

# `audit annotations`: the API server puts the webhook's name and a slash before each key, so a key
# is a name without a slash (k8s.io/apiserver, audit/context).
_HEAD_OF_ANY = b'{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":'
_HEAD = _HEAD_OF_ANY + b'{"uid":'
_ADMITTED = b',"allowed":true,"auditAnnotations":{"decision":"allowed"}}}'


class Status(msgspec.Struct, frozen=True, gc=False):
    """meta/v1 Status, as much of it as a refusal needs."""

    message: str
    reason: str = "Forbidden"
    code: int = 403


class Response(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, rename="camel"):
    """admission/v1 AdmissionResponse, without a patch: this webhook only validates."""

    uid: str
    allowed: bool
    status: Status | None = None
    warnings: list[str] = []
    audit_annotations: dict[str, str] = {}


class Answer(msgspec.Struct, frozen=True, gc=False):
    """What goes back, and the word for it."""

    body: bytes
    decision: str
    """`allowed`, `warned` or `denied`."""
    denials: Sequence[Finding] = ()
    old_tags: Sequence[str] = ()


def answer_of(
    uid: str,
    title: str,
    bad: Sequence[Finding],
    broken: Sequence[Broken] = (),
    old_tags: Sequence[str] = (),
) -> Answer:
    """The answer to a verdict.

    Args:
        uid: of the request.
        title: kind and name of the object, for the message.
        bad: the findings with outcome fail or unknown, in the verdict's order.
        broken: documents that cannot be used, without which the object may have passed.
        old_tags: sentences about images that were judged by what their tag pointed to before.
    """
    if not bad and not broken and not old_tags:
        return Answer(_HEAD + _encode(uid) + _ADMITTED, "allowed")
    denials = [finding for finding in bad if finding.denies]
    warnings = [finding for finding in bad if finding.warns]
    decision = "denied" if denials else "warned" if warnings or old_tags else "allowed"
    response = Response(
        uid=uid,
        allowed=not denials,
        status=Status(refusal(title, denials)) if denials else None,
        warnings=[
            *_broken_texts(broken),
            *_few(old_tags, "judged by tags of before"),
            *warning_texts(warnings),
        ],
        audit_annotations=_annotations(decision, bad, old_tags),
    )
    return Answer(_review(response), decision, denials, old_tags)


def unjudged(uid: str, sentence: str, *, allowed: bool) -> Answer:
    """The answer to what could not be judged.

    Args:
        uid: of the request.
        sentence: what went wrong, for somebody who never heard of us.
        allowed: true where no policy refuses anything anyway.
    """
    text = printable(sentence, _MAX_SENTENCE)
    response = Response(
        uid=uid,
        allowed=allowed,
        status=None if allowed else Status(f"cocket refused it without judging it: {text}"),
        warnings=[printable(f"{SIGN}{_UNJUDGED}: {text}", MAX_WARNING)] if allowed else [],
        audit_annotations={"decision": "allowed unjudged" if allowed else "denied unjudged"},
    )
    return Answer(_review(response), "warned" if allowed else "denied")


def _annotations(decision: str, bad: Sequence[Finding], old_tags: Sequence[str]) -> dict[str, str]:
    """For the audit log: what was decided, by whom, and what nobody could tell."""
    unknown = (str(finding.reason) for finding in bad if finding.outcome is Outcome.UNKNOWN)
    annotations = {
        "decision": decision,
        "policies": _list(finding.policy for finding in bad),
        "rules": _list(finding.rule for finding in bad),
        "unknown": _list(unknown),
        "exceptions": _list(finding.exception for finding in bad if finding.exception),
        "old-tags": printable("; ".join(old_tags), _MAX_ANNOTATION),
    }
    return {key: value for key, value in annotations.items() if value}


def _broken_texts(broken: Sequence[Broken]) -> list[str]:
    """What is not in force; each says at least that, whatever its name."""
    sentences = [
        f"{shortened(one.title, _MAX_TITLE)} is broken and not in force: {one.message}"
        for one in broken
    ]
    return _few(sentences, "that are not in force")


def _few(sentences: Sequence[str], what: str) -> list[str]:
    """Few warnings, and each as long as the API server lets it be."""
    texts = [printable(f"{SIGN}{one}", MAX_WARNING) for one in sentences[:_FEW]]
    more = len(sentences) - _FEW
    return [*texts, f"{SIGN}+{more} more {what}"] if more > 0 else texts


def _list(words: Iterable[str]) -> str:
    return printable(",".join(sorted(set(words))), _MAX_ANNOTATION)


def _review(response: Response) -> bytes:
    return _HEAD_OF_ANY + _encode(response) + b"}"
