"""Who holds a package: which image in use, in which version, and what runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from webhook.core.printable import printable
from webhook.reports.strict_json import to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from webhook.core.contents import Package

_HEAD = ("PACKAGE", "VERSION", "USED BY", "IMAGE", "OS")
_MAX_CELL = 80


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """One digest that holds it."""

    digest: str
    image: str
    os: str
    packages: tuple[Package, ...]
    """Of the name that was asked for; an image may hold two versions."""
    used_by: tuple[str, ...] = ()
    """The first of what runs it, as namespace/Kind/name."""
    count: int = 0
    """How many run it."""


def holders_json(holders: Sequence[Holder], unread: Sequence[str]) -> str:
    """One JSON object: those that hold it, and digests whose packages are not known."""
    return to_json(
        {
            "holders": [
                {
                    "digest": one.digest,
                    "image": one.image,
                    "os": one.os,
                    "packages": [
                        {"name": package.name, "version": package.version}
                        for package in one.packages
                    ],
                    "usedBy": {"count": one.count, "names": one.used_by},
                }
                for one in holders
            ],
            "unread": list(unread),
        }
    )


def holders_table(holders: Sequence[Holder]) -> Iterator[str]:
    """A line for each package of each image, in columns; a head only where there is something."""
    rows = [_HEAD, *(row for holder in holders for row in _rows(holder))]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEAD))]
    for row in rows if len(rows) > 1 else ():
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _rows(holder: Holder) -> Iterator[tuple[str, ...]]:
    more = holder.count - len(holder.used_by[:1])
    users = (holder.used_by[0] if holder.used_by else "(nothing)") + (
        f" +{more}" if more > 0 else ""
    )
    image = f"{holder.image}@{holder.digest[:19]}…"
    for package in holder.packages:
        cells = (package.name, package.version, users, image, holder.os)
        yield tuple(printable(cell, _MAX_CELL) for cell in cells)
