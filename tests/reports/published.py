"""The published schemas of both APIs, and a small one of our own that stands without them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from webhook.reports.policy_report import ReportApi

SCHEMAS = Path(__file__).parents[3] / "shared" / "data" / "schemas"
"""Not part of the project; used where they are there."""

FILES = {
    ReportApi.POLICY_REPORT: SCHEMAS / "wgpolicyk8s.io_policyreports.yaml",
    ReportApi.OPEN_REPORTS: SCHEMAS / "openreports.io_reports.yaml",
}
PLURALS = {ReportApi.POLICY_REPORT: "policyreports", ReportApi.OPEN_REPORTS: "reports"}

_TEXT = {"type": "string", "minLength": 1}
_REFERENCE = {
    "type": "object",
    "additionalProperties": False,
    "required": ["apiVersion", "kind", "name"],
    "properties": dict.fromkeys(("apiVersion", "kind", "namespace", "name", "uid"), _TEXT),
}
_WORDS = ["pass", "fail", "warn", "error", "skip"]
_RESULT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["policy", "rule", "result", "source", "timestamp"],
    "properties": {
        "policy": _TEXT,
        "rule": _TEXT,
        "category": _TEXT,
        "severity": {"type": "string", "enum": ["critical", "high", "medium", "low", "info"]},
        "result": {"type": "string", "enum": _WORDS},
        "scored": {"type": "boolean"},
        "source": _TEXT,
        "message": _TEXT,
        "properties": {"type": "object", "additionalProperties": {"type": "string"}},
        "timestamp": {
            "type": "object",
            "additionalProperties": False,
            "required": ["seconds", "nanos"],
            "properties": {
                "seconds": {"type": "integer", "format": "int64"},
                "nanos": {"type": "integer", "format": "int32", "minimum": 0},
            },
        },
    },
}


def own_schema(api: ReportApi) -> dict[str, Any]:
    """What we write and not a field more, as JSON schema and as a structural one."""
    properties: dict[str, Any] = {
        "apiVersion": _TEXT,
        "kind": _TEXT,
        "metadata": {"type": "object"},
        "scope": _REFERENCE,
        "summary": {
            "type": "object",
            "additionalProperties": False,
            "required": _WORDS,
            "properties": {word: {"type": "integer", "minimum": 0} for word in _WORDS},
        },
        "results": {"type": "array", "items": _RESULT},
    }
    if api is ReportApi.OPEN_REPORTS:
        properties["source"] = _TEXT
    required = sorted(properties)
    return {"type": "object", "additionalProperties": False, "required": required} | {
        "properties": properties
    }


def published_schema(api: ReportApi) -> dict[str, Any]:
    """`openAPIV3Schema` of the published definition; unknown fields are refused here."""
    definition = yaml.safe_load(FILES[api].read_text(encoding="utf-8"))
    [version] = definition["spec"]["versions"]
    schema: dict[str, Any] = _closed(version["schema"]["openAPIV3Schema"])
    return schema


def _closed(schema: Any) -> Any:
    """API servers drop unknown fields; here they are an error."""
    if isinstance(schema, list):
        return [_closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _closed(value) for key, value in schema.items()}
    if isinstance(found.get("properties"), dict) and found.get("type") == "object":
        found.setdefault("additionalProperties", False)
    return found
