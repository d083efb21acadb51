"""The page: what is counted and said, put into the templates beside this file."""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec
from jinja2 import Environment, FunctionLoader, StrictUndefined, Template
from markupsafe import Markup

from webhook.core.printable import printable
from webhook.reports.html.counted import counted
from webhook.reports.html.rows import Note, Row, Rows, Spot, as_data, rows_of
from webhook.reports.html.running import ImageCard
from webhook.reports.html.safe import data_block, policy_of
from webhook.reports.html.shares import NamespaceShares, namespace_shares, rules_of, shares_of
from webhook.reports.html.standing import ORDER, Standing, standing_of
from webhook.reports.html.trendlines import trending
from webhook.reports.trend import Trend
from webhook.reports.wording import MAX_NAME, MAX_SENTENCE

if TYPE_CHECKING:
    from webhook.reports.audited import Audit

MAX_FIRST = 50
"""Owners that stand on top, with what to write instead."""
MAX_STATIC = 100
"""Rows of the table that are there before the script is, or without it."""
MAX_NAMESPACES = 500
FEW_NAMESPACES = 15
"""Namespaces that are shown at once; the others are folded away."""
MAX_MISSING = 50
_BAD = (Standing.REFUSED, Standing.WARNED, Standing.UNCHECKED, Standing.NOTED)

_BLANK = Rows(
    images=(ImageCard(name=""),),
    notes=(Note("", "", "", ""),),
    owners=(Row("", "", "", 0, "", "", spots=(Spot("", 0),)),),
)
"""What the script copies and fills."""


class Tile(msgspec.Struct, frozen=True):
    """How many owners stand somewhere."""

    word: str
    css: str
    count: int
    meaning: str
    start: float
    """Percent of all owners that stand better placed in the bar: where its part begins."""
    width: float
    """Percent of all owners."""


class First(msgspec.Struct, frozen=True):
    """What stands on top."""

    standing: Standing
    owners: tuple[Row, ...]
    count: int


def render_html(audit: Audit, trend: Trend | None = None) -> str:
    """One file, with everything in it.

    Args:
        audit: what was found; the same audit gives the same file.
        trend: how it went until now; None where nobody keeps it.
    """
    return _template().render(
        audit=_Heading(
            cluster=printable(audit.cluster, MAX_NAME),
            version=printable(audit.version, MAX_NAME),
            taken=f"{audit.taken:%Y-%m-%d %H:%M} UTC",
            iso=f"{audit.taken:%Y-%m-%dT%H:%M:%SZ}",
            missing=tuple(printable(one, MAX_SENTENCE) for one in audit.missing[:MAX_MISSING]),
            more_missing=max(0, len(audit.missing) - MAX_MISSING),
        ),
        **_contents(audit),
        trend=None if trend is None else trending(trend),
        blank=_BLANK,
        policy=page_policy(),
        style=Markup(_asset("page.css")),  # noqa: S704 - ours
        script=Markup(_script()),  # noqa: S704 - ours
    )


@cache
def page_policy() -> str:
    """The Content-Security-Policy of every page; whoever serves it may say more."""
    return policy_of(_script(), _asset("page.css"))


class _Heading(msgspec.Struct, frozen=True):
    cluster: str
    version: str
    taken: str
    iso: str
    missing: tuple[str, ...]
    more_missing: int


def _contents(audit: Audit) -> dict[str, object]:
    audited = audit.audited
    rows = rows_of(audited, audit.taken)
    counts = Counter(standing_of(one.verdict) for one in audited)
    rules = rules_of(audited)
    namespaces = namespace_shares(audited, rules)
    return {
        "rows": rows,
        "data": data_block(as_data(rows)),
        "tiles": _tiles(counts),
        "first": _first(rows, counts),
        "static": MAX_STATIC,
        "owners": len(audited),
        "pods": sum(one.pods for one in audited),
        "images": len({running.use.image for one in audited for running in one.images}),
        "rules": tuple(printable(rule, MAX_NAME) for rule in rules),
        "shares": shares_of(audited, rules),
        "counted": counted(audit),
        "namespaces": _few(namespaces),
        "few": FEW_NAMESPACES,
        "more_namespaces": max(0, len(namespaces) - MAX_NAMESPACES),
    }


def _tiles(counts: Counter[Standing]) -> tuple[Tile, ...]:
    whole = counts.total() or 1
    tiles: list[Tile] = []
    start = 0.0
    for standing in ORDER:
        width = 100 * counts[standing] / whole
        if counts[standing] or standing is Standing.REFUSED:
            tiles.append(
                Tile(
                    standing.value, standing.css, counts[standing], standing.meaning,
                    round(start, 3), round(width, 3),
                )
            )  # fmt: skip
        start += width
    return tuple(tiles)


def _first(rows: Rows, counts: Counter[Standing]) -> First | None:
    """The owners that stand worst, if any stands badly."""
    standing = next((one for one in _BAD if counts[one]), None)
    if standing is None:
        return None
    owners = tuple(row for row in rows.owners if row.standing == standing.value)
    return First(standing, owners[:MAX_FIRST], counts[standing])


def _few(namespaces: tuple[NamespaceShares, ...]) -> tuple[NamespaceShares, ...]:
    return tuple(
        msgspec.structs.replace(one, namespace=printable(one.namespace, MAX_NAME))
        for one in namespaces[:MAX_NAMESPACES]
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FunctionLoader(_asset),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.j2")


def _script() -> str:
    return _asset("page.js")


@cache
def _asset(name: str) -> str:
    return files("webhook.reports.html").joinpath("assets", name).read_text("utf-8")
