"""What is read of a report of ours: only whether it still says what it should."""

from __future__ import annotations

import msgspec

from webhook.cluster.metadata import Metadata
from webhook.cluster.mirror import HasMetadata
from webhook.reports.policy_report import PREFIX, fingerprint

STRANGE = ""
"""In place of a fingerprint: it carries our label and not our name, so we leave it alone."""
_MAX_REPORT = 2 * 1024 * 1024
_UNREADABLE = "unreadable"


class Owned(Metadata, rename="camel", gc=True):
    """Metadata with the owners."""

    owner_references: msgspec.Raw = msgspec.Raw(b"null")


class ReportItem(HasMetadata):
    """PolicyReport and Report alike."""

    metadata: Owned
    scope: msgspec.Raw = msgspec.Raw(b"null")
    summary: msgspec.Raw = msgspec.Raw(b"null")
    results: msgspec.Raw = msgspec.Raw(b"null")
    source: msgspec.Raw = msgspec.Raw(b"null")


def said_by(item: ReportItem) -> str:
    """The fingerprint of what it says now, whoever wrote it."""
    if not item.metadata.name.startswith(PREFIX):
        return STRANGE
    if len(memoryview(item.results)) > _MAX_REPORT:
        return _UNREADABLE
    try:
        report = {
            name: msgspec.json.decode(getattr(item, name))
            for name in ("scope", "summary", "results", "source")
        }
        owners = msgspec.json.decode(item.metadata.owner_references)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _UNREADABLE
    return fingerprint({**report, "metadata": {"ownerReferences": owners}})
