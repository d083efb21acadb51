"""What a registry may lose, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.printable import printable
from webhook.reports.strict_json import to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from webhook.clean.decision import Doomed, Plan

_MAX_TAGS = 300
_SHOWN_DIGEST = len("sha256:") + 12
_UNIT = 1024
_UNSEEN = "; the registry lists tags alone: manifests without one cannot be seen there"


def cleaned_table(plans: Iterable[Plan]) -> str:
    """A line for every manifest that may go, under its repository."""
    lines: list[str] = []
    for plan in plans:
        kept = ", ".join(f"{count} {reason}" for reason, count in plan.kept.items()) or "nothing"
        lines.append(f"{printable(plan.repository)}: kept: {kept}")
        lines += [f"    {_line(one)}" for one in plan.doomed]
    return "".join(f"{line}\n" for line in lines)


def cleaned_json(plans: Iterable[Plan]) -> str:
    """The same as one document."""
    repositories = [
        {
            "repository": plan.repository,
            "kept": dict(plan.kept),
            "freedBytes": plan.freed,
            "untaggedListed": plan.listed,
            "unneeded": [
                {
                    "digest": one.digest,
                    "tags": list(one.tags),
                    "created": None if one.created is None else one.created.isoformat(),
                    "why": one.why,
                }
                for one in plan.doomed
            ],
        }
        for plan in plans
    ]
    return to_json({"apiVersion": "cocket.dev/v1alpha1", "repositories": repositories}) + "\n"


def sum_line(plans: Sequence[Plan], *, clusters: int) -> str:
    """The last line for people."""
    count = sum(len(plan.doomed) for plan in plans)
    kept = sum(sum(plan.kept.values()) for plan in plans)
    freed = size_text(sum(plan.freed for plan in plans))
    line = f"{count} manifests may go ({freed}), {kept} are kept, in {len(plans)} repositories"
    asked = f"; {clusters} clusters were asked what they use" if clusters else ""
    seen = "" if all(plan.listed for plan in plans) else _UNSEEN
    return f"{line}{asked or '; no cluster was asked, so that some of them may be in use'}{seen}"


def size_text(size: int) -> str:
    """Bytes as people say them.

    >>> [size_text(size) for size in (0, 1023, 1536, 5 * 1024**3)]
    ['0 B', '1023 B', '1.5 KiB', '5.0 GiB']
    """
    if size < _UNIT:
        return f"{size} B"
    number = float(size)
    for unit in ("KiB", "MiB", "GiB"):
        number /= _UNIT
        if number < _UNIT:
            return f"{number:.1f} {unit}"
    return f"{number / _UNIT:.1f} TiB"


def _line(one: Doomed) -> str:
    created = "          " if one.created is None else f"{one.created:%Y-%m-%d}"
    tags = printable(", ".join(one.tags), _MAX_TAGS) or "no tag"
    return f"{one.digest[:_SHOWN_DIGEST]}  {created}  {tags}: {one.why}"
