"""What an earlier audit found already: with it, only what is new or does more now counts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec.structs import replace

from webhook.core.image import ImageRef
from webhook.core.verdict import Mode, Verdict, weaker
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
Known: TypeAlias = Mapping[Violation, Mode]
"""Violations, and the most that each of them did: refuse, warn, or nothing (`Finding.mode`, into
which modes and exceptions have gone). One that does more now is new: its policy got stricter, or
the exception that excused it has ended.
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
    mode: Mode
    role: str
    container: str
    image: str


class _Line(msgspec.Struct, frozen=True):
    owner: _Owner
    findings: list[_Finding] = []


class _Document(msgspec.Struct, frozen=True):
    kind: str
    owners: list[_Line]


class Rest(msgspec.Struct, frozen=True):
    """What is left of an audit beside a baseline."""

    audit: Audit
    left_out: int
    """Findings that are known."""
    grown: int
    """Findings that stay, though the baseline has them, because they do more now."""


def read_baseline(data: bytes, name: str) -> Known:
    """The violations in the output of `cocket audit -o json` or `-o jsonl`.

    Raises:
        InputError: it is neither; `name` stands for the file.
    """
    try:
        found = list(_violations(_lines(data)))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"{name}: no baseline: {error}; write one with `cocket audit -o json --output {name}`"
        ) from error
    known: dict[Violation, Mode] = {}
    for violation, mode in found:
        before = known.get(violation, mode)
        known[violation] = mode if weaker(mode, before) is before else before
    return known


def without_known(audit: Audit, known: Known) -> Rest:
    """The audit without the violations that are known and do no more than they did."""
    left_out = grown = 0
    audited = []
    for one in audit.audited:
        owner = (one.owner.kind, one.owner.namespace, one.owner.name)
        findings = []
        for finding in one.verdict.findings:
            before = known.get(_identity(owner, finding)) if finding.bad else None
            if before is not None and weaker(finding.mode, before) is finding.mode:
                left_out += 1
                continue
            grown += before is not None
            findings.append(finding)
        audited.append(replace(one, verdict=Verdict(tuple(findings))))
    return Rest(replace(audit, audited=tuple(audited)), left_out, grown)


def _lines(data: bytes) -> list[_Line]:
    # A document has everything in one object; of lines, the first one ends before the second.
    first = data.lstrip()[:200]
    if f'"kind":"{KIND}"'.encode() in first:
        return msgspec.json.decode(data, type=_Document).owners
    return msgspec.json.Decoder(_Line).decode_lines(data)


def _violations(lines: list[_Line]) -> Iterator[tuple[Violation, Mode]]:
    for line in lines:
        owner = (line.owner.kind, line.owner.namespace, line.owner.name)
        for finding in line.findings:
            if finding.outcome in _BAD:
                what = (finding.policy, finding.rule, finding.outcome, finding.role)
                yield _violation(owner, what, finding.container, finding.image), finding.mode


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
