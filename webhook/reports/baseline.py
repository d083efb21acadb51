"""What an earlier audit found already: with it, only what is new counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec.structs import replace

from webhook.core.image import ImageRef
from webhook.core.verdict import Verdict
from webhook.errors import InputError, InvalidImageError
from webhook.reports.audit_json import KIND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from webhook.core.verdict import Finding
    from webhook.reports.audited import Audit

Violation: TypeAlias = tuple[str, ...]
"""Kind, namespace and name of the owner; policy, rule, outcome, role, container, repository.

The tag and the digest are not in it: a new build with the old trouble is nothing new. The outcome
is: what could not be checked before, and is found bad now, is new.
"""

# Half a surrogate pair, which JSON of ours cannot hold (see `strict_json`).
_NO_TEXT = re.compile("[\ud800-\udfff]")
_BAD = frozenset({"fail", "unknown"})


class _Owner(msgspec.Struct, frozen=True):
    kind: str
    namespace: str
    name: str


class _Finding(msgspec.Struct, frozen=True):
    policy: str
    rule: str
    outcome: str
    role: str
    container: str
    image: str


class _Line(msgspec.Struct, frozen=True):
    owner: _Owner
    findings: list[_Finding] = []


class _Document(msgspec.Struct, frozen=True):
    kind: str
    owners: list[_Line]


def read_baseline(data: bytes, name: str) -> frozenset[Violation]:
    """The violations in the output of `cocket audit -o json` or `-o jsonl`.

    Raises:
        InputError: it is neither; `name` stands for the file.
    """
    try:
        return frozenset(_violations(_lines(data)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"{name}: no baseline: {error}; write one with `cocket audit -o json --output {name}`"
        ) from error


def without_known(audit: Audit, known: frozenset[Violation]) -> tuple[Audit, int]:
    """The audit without the violations that are known, and how many those were."""
    left_out = 0
    audited = []
    for one in audit.audited:
        owner = (one.owner.kind, one.owner.namespace, one.owner.name)
        findings = [
            finding
            for finding in one.verdict.findings
            if not finding.bad or _identity(owner, finding) not in known
        ]
        left_out += len(one.verdict.findings) - len(findings)
        audited.append(replace(one, verdict=Verdict(tuple(findings))))
    return replace(audit, audited=tuple(audited)), left_out


def _lines(data: bytes) -> list[_Line]:
    # A document has everything in one object; of lines, the first one ends before the second.
    first = data.lstrip()[:200]
    if f'"kind":"{KIND}"'.encode() in first:
        return msgspec.json.decode(data, type=_Document).owners
    return msgspec.json.Decoder(_Line).decode_lines(data)


def _violations(lines: list[_Line]) -> Iterator[Violation]:
    for line in lines:
        owner = (line.owner.kind, line.owner.namespace, line.owner.name)
        for finding in line.findings:
            if finding.outcome in _BAD:
                yield _violation(
                    owner,
                    (finding.policy, finding.rule, finding.outcome, finding.role),
                    finding.container,
                    finding.image,
                )


def _identity(owner: tuple[str, str, str], finding: Finding) -> Violation:
    return _violation(
        owner,
        (finding.policy, finding.rule, finding.outcome.value, finding.role.value),
        finding.container,
        finding.image,
    )


def _violation(
    owner: tuple[str, str, str], what: tuple[str, str, str, str], container: str, image: str
) -> Violation:
    try:
        repository = ImageRef.parse(image).name
    except InvalidImageError:
        repository = image
    return tuple([_NO_TEXT.sub("\ufffd", one) for one in (*owner, *what, container, repository)])
