"""What a workload runs, as annotations on it: for people and their tools, and never read by us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from webhook.core.facts import ImageFacts
from webhook.core.printable import printable
from webhook.core.workload import Role
from webhook.reports.running import system_of, told_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from webhook.reports.audited import RunningImage

COMMIT = "cocket.dev/app-commit"
BUILT = "cocket.dev/build-date"
OS = "cocket.dev/os"
KEYS = (COMMIT, BUILT, OS)
_MAX_VALUE = 256
_MAX_TEXT = 2048
"""Characters of one annotation; the API server takes 256 KB of all of an object's."""


def owner_annotations(images: Iterable[RunningImage], taken: datetime) -> Mapping[str, str | None]:
    """What its plain containers run; None where there is nothing to say: then it is taken away.

    One container: the value alone. Several: `NAME=VALUE` of each that has one, with a comma
    between them, and of a container that runs two images at the moment, both.

    Args:
        images: those that really run, or would be started next.
        taken: when that was seen.
    """
    plain = [one for one in images if one.use.role is Role.CONTAINER]
    names = {one.use.container for one in plain}
    found: dict[str, dict[str, None]] = {key: {} for key in KEYS}
    for one in plain:
        if not isinstance(one.facts, ImageFacts):
            continue
        for key, value in _said(one.facts, taken).items():
            if value:
                named = f"{one.use.container}={value}" if len(names) > 1 else value
                found[key][printable(named, _MAX_VALUE)] = None
    return {key: printable(",".join(values), _MAX_TEXT) or None for key, values in found.items()}


def _said(facts: ImageFacts, taken: datetime) -> Mapping[str, str]:
    said = told_of(facts.platforms)
    return {
        COMMIT: said.commit,
        BUILT: said.built,
        OS: system_of(facts.platforms, taken).name,
    }
