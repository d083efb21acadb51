"""Verdicts as SARIF 2.1.0 (OASIS), for code scanning."""

from __future__ import annotations

import hashlib
import re
from pathlib import PurePath
from typing import TYPE_CHECKING
from urllib.parse import quote

from webhook.core.printable import printable
from webhook.reports.strict_json import to_json
from webhook.reports.wording import (
    MAX_NAME,
    RULES_PAGE,
    Effect,
    effect,
    placed_sentence,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from webhook.core.verdict import Finding
    from webhook.reports.checked import Checked, CheckResult

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HOME = "https://cocket.dev"
_LEVELS = {Effect.REFUSES: "error", Effect.WARNS: "warning", Effect.NOTED: "note"}
# Half surrogate pairs that stand for no byte of a file name (PEP 383).
_NO_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_DESCRIPTIONS = {
    "digest": "An image is named by a tag instead of a digest.",
    "registry": "An image is not from a registry whose environment the policy allows.",
    "promotion": "An image did not come into its registry by promotion.",
    "provenance": "An image carries no usable provenance labels.",
    "init": "PID 1 would be neither an init nor covered by one.",
    "stop": "A container would not end cleanly on its stop signal, or has no time for it.",
    "drifted": "A node runs another image than the one that is named.",
    "packages": "A build takes the newest version of a package, whatever that is.",
}
_PAGES = {"packages": "docs/files.md"}
"""Where something is explained that no policy asks about."""


def render_sarif(result: CheckResult) -> str:
    """One run; a result for every finding that refuses, warns or is noted."""
    bad = [
        (one, finding) for one in result.checked for finding in one.verdict.findings if finding.bad
    ]
    rules = sorted({finding.rule for _, finding in bad})
    numbers = {rule: number for number, rule in enumerate(rules)}
    seen: dict[str, int] = {}
    driver: dict[str, object] = {
        "name": "cocket",
        "informationUri": _HOME,
        "rules": [_rule(rule) for rule in rules],
    }
    if result.version:
        driver["version"] = result.version
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(one, finding, numbers, seen) for one, finding in bad],
    }
    return to_json({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


def artifact_uri(file: str) -> str:
    """A relative file as a relative URI reference, an absolute one as a `file:` URI (RFC 8089).

    A name that is not UTF-8 keeps its bytes; a first segment with a colon is no scheme, because
    the colon is encoded.
    """
    path = _NO_BYTE.sub("\ufffd", PurePath(file).as_posix())
    encoded = quote(path.encode("utf-8", "surrogateescape"), safe="/")
    return f"file://{encoded}" if path.startswith("/") else encoded


def _rule(name: str) -> Mapping[str, object]:
    page = f"{_PAGES.get(name, RULES_PAGE)}#{name}"
    return {
        "id": name,
        "shortDescription": {"text": _DESCRIPTIONS.get(name, f"Rule {name} does not hold.")},
        "help": {"text": f"See {page}.", "markdown": f"See [{page}]({_HOME}/{page})."},
        # SARIF 3.49.12 wants an absolute URI here.
        "helpUri": f"{_HOME}/{page}",
        "defaultConfiguration": {"level": "error"},
    }


def _result(
    one: Checked, finding: Finding, numbers: Mapping[str, int], seen: dict[str, int]
) -> Mapping[str, object]:
    place = one.object
    identity = (
        place.file,
        place.kind,
        place.namespace,
        place.name,
        *_identity(finding),
    )
    fingerprint = hashlib.sha256("\0".join(identity).encode("utf-8", "replace")).hexdigest()[:32]
    seen[fingerprint] = seen.get(fingerprint, 0) + 1
    physical: dict[str, object] = {"artifactLocation": {"uri": artifact_uri(place.file)}}
    line = one.line_of(finding)
    if line:
        physical["region"] = {"startLine": line}
    logical = printable(f"{place.title}{finding.pointer}", MAX_NAME * 2)
    return {
        "ruleId": finding.rule,
        "ruleIndex": numbers[finding.rule],
        "level": _LEVELS[effect(finding)],
        "message": {
            "text": _plain(f"{printable(place.title, MAX_NAME)}: {placed_sentence(finding)}")
        },
        "locations": [
            {
                "physicalLocation": physical,
                "logicalLocations": [{"fullyQualifiedName": logical, "kind": "object"}],
            }
        ],
        # The line is not in it: a finding that moves is the same finding.
        "partialFingerprints": {"cocketFinding/v1": f"{fingerprint}:{seen[fingerprint]}"},
        "properties": {
            "policy": finding.policy,
            "outcome": finding.outcome.value,
            "reason": None if finding.reason is None else finding.reason.value,
            "mode": finding.mode.value,
            "image": finding.image,
            **({"exception": finding.exception} if finding.exception else {}),
        },
    }


def _identity(finding: Finding) -> Sequence[str]:
    return (
        finding.policy,
        finding.rule,
        finding.role,
        finding.container,
        finding.image,
    )


def _plain(text: str) -> str:
    # `[text](target)` is a link even in a plain text message (SARIF 3.11.6).
    return text.replace("](", "] (")
