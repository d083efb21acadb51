"""How the counts of an audit went from day to day: small enough for one ConfigMap."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """Of one namespace on one day, as the last audit of that day found it."""

    owners: int
    refused: int
    """Owners whose Pods would be refused, were they created now."""
    images: int
    """Places that name an image."""
    failing: Mapping[str, int] = {}
    """Name of a rule: places that fail it, in whatever mode."""
    unknown: Mapping[str, int] = {}
    """Name of a rule: places that it could not check."""


class Day(msgspec.Struct, frozen=True):
    """All namespaces on one day."""

    date: str
    """`YYYY-MM-DD`, in UTC."""
    namespaces: Mapping[str, Counts]


class Trend(msgspec.Struct, frozen=True):
    """The days that were audited, oldest first."""

    days: tuple[Day, ...] = ()
