"""An audit of everything, brought up to date by looks at single namespaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from webhook.reports.audited import Audit, Audited


def with_namespace(audit: Audit, part: Audit, namespace: str) -> Audit:
    """An audit in which a later look at one namespace stands in place of what was said of it."""
    others = [one for one in audit.audited if one.owner.namespace != namespace]
    merged = sorted((*others, *part.audited), key=_place)
    missing = tuple(dict.fromkeys((*audit.missing, *part.missing)))
    return msgspec.structs.replace(part, audited=tuple(merged), missing=missing)


def _place(audited: Audited) -> tuple[str, str, str]:
    owner = audited.owner
    return (owner.namespace, owner.kind, owner.name)
